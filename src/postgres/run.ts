import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** Under whom a program runs: words put before its command line, and the user to become first. */
export interface Account {
  prefix: string[]
  uid?: number
  gid?: number
}

/** A command that is killed after this time; initdb takes a second on a laptop, more on a slow disk. */
const timeoutMs = 300_000

/**
 * What the PostgreSQL programs see of our environment. PG* variables of the user must not reach them, and messages must
 * be the English ones that `postmaster.ts` looks for.
 */
export function environment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}

/** The options of `spawn` that make a program run as the account. */
export function identity({ uid, gid }: Account) {
  return { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) }
}

/** Runs a program to its end. Throws an Error that carries its output when it fails. */
export async function run(account: Account, words: string[], input = ''): Promise<void> {
  const [program = '', ...args] = [...account.prefix, ...words]
  const child = spawn(program, args, {
    ...identity(account),
    cwd: '/',
    env: environment(),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  child.stdin.on('error', () => undefined) // A program that ends early closes its input; its exit code tells.
  child.stdin.end(input)
  const [end, ...output] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (end !== 'exit code 0')
    throw new Error(`${words[0]} failed (${end}): ${output.join('\n').trim().slice(-2000)}`)
}

/** True when the program runs to a good end. */
export async function succeeds(account: Account, words: string[]): Promise<boolean> {
  return run(account, words).then(
    () => true,
    () => false,
  )
}

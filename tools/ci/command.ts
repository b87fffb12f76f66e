import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'

/** The tree that these scripts lie in. */
export const root = join(import.meta.dirname, '..', '..')

/** Where Go puts its programs. */
export const goPrograms = join(homedir(), 'go', 'bin')

/** What a program is given beside its words. */
export interface Surroundings {
  input?: string
  environment?: Record<string, string>
  folder?: string
  timeoutMs?: number
}

/** How a program ended; the output is stdout and stderr together where the order does not matter. */
export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

/** The environment of somebody who has just cloned: this machine's Node, and Go's programs. */
export function plainEnvironment(): Record<string, string> {
  const own = join(root, 'node_modules')
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(own))
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    PATH: [...path, goPrograms].join(delimiter),
  }
}

/** Runs a program to its end, whatever that is. */
export async function run(
  [program = '', ...args]: readonly string[],
  { input = '', environment = {}, folder = root, timeoutMs = 300_000 }: Surroundings = {},
): Promise<Outcome> {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...plainEnvironment(), ...environment },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  const ended = once(child, 'close')
  child.stdin.on('error', () => undefined) // A program that ends early closes its input.
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await ended) as [number | null]
  return { code, stdout, stderr }
}

/** Runs a program that must succeed; gives its stdout. */
export async function must(words: readonly string[], surroundings?: Surroundings): Promise<string> {
  const { code, stdout, stderr } = await run(words, surroundings)
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}\n${stdout}${stderr}`)
  return stdout
}

/** Runs a program that must fail, and say why. */
export async function mustFail(
  words: readonly string[],
  reason: RegExp,
  surroundings?: Surroundings,
): Promise<void> {
  const { code, stdout, stderr } = await run(words, surroundings)
  if (code === 0) throw new Error(`${words.join(' ')} succeeded\n${stdout}`)
  if (!reason.test(stdout + stderr))
    throw new Error(`${words.join(' ')} did not say ${reason}\n${stdout}${stderr}`)
}

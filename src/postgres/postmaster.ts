import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

import { environment, identity, type Account } from './run.ts'

/** A running server process of PostgreSQL. */
export interface Postmaster {
  readonly pid: number
  /** Fulfilled when it accepts connections; rejected with the end of its log when it ended before. */
  readonly ready: Promise<void>
  /** Fulfilled with the reason when the process is gone. */
  readonly exited: Promise<string>
  /** Ends it: clients are cut off, what was committed is kept. */
  stop(): Promise<void>
}

/** Recovery after a crash replays at most a gigabyte of log. */
const readyTimeoutMs = 600_000
const keptLines = 20
/** What each start and stop says, and what it says to clients; nobody needs to read that. */
const routine =
  /starting PostgreSQL|listening on|was shut down at|ready to accept|received (fast|smart)|aborting any active|shutting down|is shut down|the database system is|terminating connection|background worker|^(DETAIL|HINT|CONTEXT|STATEMENT): /

/**
 * Starts `postgres` with the given words. It is the leader of its own session: Ctrl-C in a terminal reaches the registry
 * alone, which drains before it stops its database.
 */
export function spawnPostmaster(
  account: Account,
  words: string[],
  say: (line: string) => void,
): Postmaster {
  const [program = '', ...args] = [...account.prefix, ...words]
  const child = spawn(program, args, {
    ...identity(account),
    cwd: '/',
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  const exited = new Promise<string>((resolve) => {
    child.once('error', (failure) => resolve(failure.message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  const ready = whenReady(child, exited, say)
  ready.catch(() => undefined) // Whoever needs it awaits it; a stop before it is ready is no fault.
  return { pid: child.pid ?? 0, ready, exited, stop: () => stopProcess(child, exited) }
}

async function whenReady(
  child: ChildProcess,
  exited: Promise<string>,
  say: (line: string) => void,
) {
  const tail: string[] = []
  const lines = createInterface({ input: child.stderr! })
  const accepting = new Promise<'ready'>((resolve) => {
    lines.on('line', (line) => {
      tail.push(line)
      if (tail.length > keptLines) tail.shift()
      if (line.includes('database system is ready to accept connections')) resolve('ready')
      if (!routine.test(line)) say(`PostgreSQL: ${line}`)
    })
  })
  const timer = new AbortController()
  const tooLate = sleep(readyTimeoutMs, 'not ready in time', { signal: timer.signal })
  const outcome = await Promise.race([accepting, exited, tooLate])
  tooLate.catch(() => undefined)
  timer.abort()
  if (outcome === 'ready') return
  child.kill('SIGKILL')
  // The last lines may come after the exit, yet a left-over child can hold the pipe open.
  await Promise.race([once(lines, 'close'), sleep(200)])
  throw new Error(`PostgreSQL did not start (${outcome}): ${tail.join('\n')}`)
}

/** Fast shutdown; then immediate, which recovers at the next start; then the kernel's. */
async function stopProcess(child: ChildProcess, exited: Promise<string>) {
  for (const [signal, patienceMs] of [
    ['SIGINT', 20_000],
    ['SIGQUIT', 10_000],
  ] as const) {
    child.kill(signal)
    const timer = new AbortController()
    const tooLate = sleep(patienceMs, undefined, { signal: timer.signal }).catch(() => undefined)
    const outcome = await Promise.race([exited, tooLate])
    timer.abort()
    if (outcome !== undefined) return
  }
  child.kill('SIGKILL')
  await exited
}

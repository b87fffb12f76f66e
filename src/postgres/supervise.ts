import { setTimeout as sleep } from 'node:timers/promises'

import type { Postmaster } from './postmaster.ts'

const shortestPauseMs = 50
const longestPauseMs = 5_000
/** A server that lived this long did not die of its start, and is replaced without delay. */
const healthyMs = 30_000
/** How long the first start waits for processes of a killed predecessor, which hold its shared memory, to notice and leave. */
const predecessorMs = 15_000

/** A server that is kept running. */
export interface Supervised {
  /** The process of the moment; another one after a crash. */
  readonly pid: number
  stop(): Promise<void>
}

/**
 * Starts a server and starts it again whenever it dies, pausing longer each time that it dies at once. Throws when the
 * first start fails; afterwards it never gives up, as the cause (a full disk, no memory) may pass.
 */
export async function supervise(
  begin: () => Promise<Postmaster>,
  report: { say: (line: string) => void; onExit: (reason: string) => void },
): Promise<Supervised> {
  let current = await firstStart(begin)
  const stopping = new AbortController()

  async function restart(pauseMs: number) {
    await sleep(pauseMs, undefined, { signal: stopping.signal })
    current = await begin()
    if (stopping.signal.aborted) await current.stop()
    await current.ready
    report.say(`PostgreSQL runs again as ${current.pid}`)
  }

  async function watch() {
    let pauseMs = shortestPauseMs
    for (;;) {
      const since = Date.now()
      const reason = await current.exited
      if (stopping.signal.aborted) return
      report.say(`PostgreSQL ${current.pid} ended (${reason}) and is started again`)
      report.onExit(reason)
      if (Date.now() - since > healthyMs) pauseMs = shortestPauseMs
      await restart(pauseMs).catch((failure: Error) => {
        // The lines that follow in it were said as they came.
        if (!stopping.signal.aborted) report.say(failure.message.split('\n', 1)[0] ?? '')
      })
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
  }

  const watching = watch()
  return {
    get pid() {
      return current.pid
    },
    async stop() {
      stopping.abort()
      await current.stop()
      await watching
    },
  }
}

async function firstStart(begin: () => Promise<Postmaster>) {
  const since = Date.now()
  for (;;) {
    const postmaster = await begin()
    try {
      await postmaster.ready
      return postmaster
    } catch (failure) {
      const waiting = /pre-existing shared memory block/.test((failure as Error).message)
      if (!waiting || Date.now() - since > predecessorMs) throw failure
      await sleep(100)
    }
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { onTestFinished } from 'vitest'

/** Makes a directory that the caller removes. */
export function makeTemporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'portolan-data-'))
}

/** Makes a data directory that goes away with the test. */
export async function makeDataDirectory(): Promise<string> {
  const path = await makeTemporaryDirectory()
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Runs one of the programs beside this file on a data directory; it is killed with the test. */
export function runProgram(name: 'registry' | 'locker', dataDirectory: string) {
  const file = join(import.meta.dirname, `${name}.ts`)
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', file, dataDirectory],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      // So that the socket of one that is killed goes away with the data directory.
      env: { ...process.env, TMPDIR: dataDirectory },
    },
  )
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  onTestFinished(() => end('SIGKILL'))
  return {
    pid: child.pid ?? 0,
    /** The next line that matches. */
    async line(pattern: RegExp): Promise<string> {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${name} ended without saying ${pattern}`)
      return pattern.test(value) ? value : this.line(pattern)
    },
    end,
  }
}

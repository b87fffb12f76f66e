import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A registry of its own, as people run it, with nothing in it yet. */
export interface Registry {
  /** `http://127.0.0.1:PORT`. */
  base: string
  /** What it has logged: with LOG_LEVEL=error only what should not be. */
  log(): string
  /** Most memory that it has had, in MiB. */
  peakMib(): Promise<number>
  stop(): Promise<void>
}

const startMs = 60_000

/** Starts `portolan serve` in a folder that goes away with it. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-fuzz-'))
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  let logged = ''
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'src/main.ts', 'serve'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        DATA_DIR: folder,
        PORT: String(port),
        BIND: '127.0.0.1',
        LOG_LEVEL: 'error',
        FEATURE_REPO_MIRROR: 'true',
      },
    },
  )
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (logged += text))
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const registry: Registry = {
    base,
    log: () =>
      logged
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .join('\n'),
    async peakMib() {
      const { readFile } = await import('node:fs/promises')
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024)
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
  if (await isReady(base)) return registry
  await registry.stop()
  throw new Error(`the registry did not start:\n${logged}`)
}

async function isReady(base: string): Promise<boolean> {
  for (const endAt = Date.now() + startMs; Date.now() < endAt; await delay(200))
    if ((await fetch(`${base}/health/instance`).catch(() => undefined))?.ok) return true
  return false
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

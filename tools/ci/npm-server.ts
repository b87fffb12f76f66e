import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { must, plainEnvironment, root } from './command.ts'

/** What a stage says about its registry. */
export interface ServerOptions {
  port: number
  /** Made, and removed at the end, when it is left out. */
  dataDirectory?: string
  environment?: Record<string, string>
  /** A clone other than this tree. */
  folder?: string
  /** Words before `npm`, that make it somebody else's. */
  prefix?: readonly string[]
  timeoutMs?: number
}

/** A registry that `npm start` runs. */
export interface Server {
  /** npm's process. */
  pid: number
  port: number
  host: string
  url: string
  dataDirectory: string
  /** From the start of npm to the first healthy answer. */
  startMs: number
  output(): string
  /** Ends it with SIGTERM, as an operator would, and gives npm's exit code. */
  stop(): Promise<number | string>
}

const stopMs = 40_000

/** Runs `npm start` and waits for `/health/instance`. Throws with its output when it ends before, or takes too long. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { port, environment = {}, folder = root, prefix = [], timeoutMs = 120_000 } = options
  const dataDirectory = options.dataDirectory ?? (await makeFolder('data'))
  const [program = '', ...args] = [...prefix, 'npm', 'start']
  const since = performance.now()
  const child = spawn(program, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...plainEnvironment(),
      PORT: String(port),
      DATA_DIR: dataDirectory,
      LOG_LEVEL: 'warn',
      ...environment,
    },
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const output = () => Buffer.concat(chunks).toString()
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | string)
  const url = `http://localhost:${port}`
  const stop = async () => {
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), stopMs)
    const code = await ended
    clearTimeout(killer)
    if (options.dataDirectory === undefined) await rm(dataDirectory, { recursive: true })
    return code
  }
  try {
    await untilHealthy(url, ended, timeoutMs)
  } catch (error) {
    await stop()
    throw new Error(`${(error as Error).message}:\n${output()}`, { cause: error })
  }
  const startMs = performance.now() - since
  const host = `localhost:${port}`
  return { pid: child.pid!, port, host, url, dataDirectory, startMs, output, stop }
}

/** Runs work with a registry that is there for it alone. */
export async function withServer<T>(
  options: ServerOptions,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await startServer(options)
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}

/** Throws with what the registry has logged as an error. */
export function demandQuietLog(server: Server): void {
  const errors = server.output().match(/^\{"level":(?:50|60).*$/gm)
  if (errors) throw new Error(errors.join('\n'))
}

/** Makes an account beside the running registry. */
export async function createUser(
  server: Server,
  name: string,
  password: string,
  environment: Record<string, string> = {},
): Promise<void> {
  const words = ['user', 'create', name, '--email', `${name}@example.com`, '--password-stdin']
  await must(['npm', 'run', '--silent', 'portolan', '--', ...words], {
    input: `${password}\n`,
    environment: { DATA_DIR: server.dataDirectory, ...environment },
  })
}

/** Makes the first account, a superuser, and gives its OAuth token, which has every scope. */
export async function initializeUser(
  server: Server,
  name: string,
  password: string,
): Promise<string> {
  const response = await fetch(`${server.url}/api/v1/user/initialize`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      username: name,
      password,
      email: `${name}@example.com`,
      access_token: true,
    }),
  })
  const body = await response.text()
  if (response.status !== 200) throw new Error(`initializeUser: ${response.status} ${body}`)
  return (JSON.parse(body) as { access_token: string }).access_token
}

/** Makes a folder of its own for a stage. */
export function makeFolder(purpose: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `portolan-ci-${purpose}-`))
}

async function untilHealthy(url: string, ended: Promise<number | string>, timeoutMs: number) {
  const gaveUp = AbortSignal.timeout(timeoutMs)
  let end: number | string | undefined
  void ended.then((code) => (end = code))
  while (!gaveUp.aborted) {
    if (end !== undefined) throw new Error(`npm start ended with ${end}`)
    const response = await fetch(`${url}/health/instance`).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.status === 200) return
    await sleep(20)
  }
  throw new Error(`npm start was not healthy after ${timeoutMs} ms`)
}

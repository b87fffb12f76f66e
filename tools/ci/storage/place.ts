import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const root = join(import.meta.dirname, '..', '..', '..')
const readyMs = 60_000

/** A data directory of its own, on a port of its own, for a stage of `.ci/run`. */
export interface Place {
  dataDirectory: string
  port: number
  url: string
  remove(): Promise<void>
}

/** Makes a place under the folder for temporary files. */
export async function makePlace(): Promise<Place> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'portolan-ci-'))
  const port = await findFreePort()
  return {
    dataDirectory,
    port,
    url: `http://127.0.0.1:${port}`,
    remove: () => rm(dataDirectory, { recursive: true, force: true }),
  }
}

/** A registry that runs as a process of its own. */
export interface ServerProcess {
  pid: number
  /** The last lines that it has written. */
  lines: string[]
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Starts `node src/main.ts serve` and waits until it is ready; `prefix` is a program that runs it, such as a tracer. */
export async function startServer(
  { dataDirectory, port }: Place,
  { prefix = [], nodeFlags = [] }: { prefix?: string[]; nodeFlags?: string[] } = {},
): Promise<ServerProcess> {
  const child = run(dataDirectory, {
    words: [...prefix, process.execPath, ...nodeFlags, 'src/main.ts', 'serve'],
    environment: { PORT: String(port), LOG_LEVEL: 'error' },
  })
  const exited = once(child, 'exit')
  const lines: string[] = []
  const ready = Promise.withResolvers<void>()
  for (const stream of [child.stdout!, child.stderr!])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (lines.length > 200) lines.shift()
      if (line.includes('is ready')) ready.resolve()
    })
  const failed = exited.then(() => {
    throw new Error(`the registry ended before it was ready:\n${lines.join('\n')}`)
  })
  await Promise.race([ready.promise, failed, sleep(readyMs).then(() => failed)])
  failed.catch(() => undefined)
  return {
    pid: child.pid!,
    lines,
    async end(signal) {
      child.kill(signal)
      await exited
    },
  }
}

/** Runs a command line of the registry to its end. */
export async function portolan({ dataDirectory }: Place, ...words: string[]) {
  const child = run(dataDirectory, {
    words: [process.execPath, 'src/main.ts', ...words],
    environment: {},
  })
  const ended = once(child, 'exit')
  const [out, err] = await Promise.all([text(child.stdout!), text(child.stderr!)])
  return { code: (await ended)[0] as number | null, out: out.trimEnd(), err: err.trimEnd() }
}

/** Process id of the PostgreSQL of the moment; undefined while there is none. */
export async function postgresPid({ dataDirectory }: Place): Promise<number | undefined> {
  const file = join(dataDirectory, 'postgres', 'postmaster.pid')
  const [line] = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  return line ? Number(line) : undefined
}

/** Waits until the registry answers with its database. */
export async function awaitHealth({ url }: Place): Promise<void> {
  for (const giveUpAt = Date.now() + readyMs; ;) {
    const answer = await fetch(`${url}/health/endtoend`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    if (Date.now() > giveUpAt) throw new Error('the registry does not become healthy')
    await sleep(50)
  }
}

const account = { username: 'crash', password: 'a-password-for-tests-only' }

/** Makes the first account, to which all repositories belong. */
export async function makeAccount({ url }: Place): Promise<void> {
  const answer = await fetch(`${url}/api/v1/user/initialize`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...account, email: 'crash@example.com' }),
  })
  if (!answer.ok) throw new Error(`no account: ${await answer.text()}`)
}

/** A registry token for repositories of the account, with all rights on them. */
export async function makeToken({ url, port }: Place, repositories: string[]): Promise<string> {
  const query = new URLSearchParams({ service: `127.0.0.1:${port}` })
  for (const name of repositories)
    query.append('scope', `repository:${account.username}/${name}:pull,push,delete`)
  const credentials = Buffer.from(`${account.username}:${account.password}`).toString('base64')
  const answer = await fetch(`${url}/v2/auth?${query}`, {
    headers: { authorization: `Basic ${credentials}` },
    signal: AbortSignal.timeout(20_000),
  })
  if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { token: string }).token
}

/** Full name of a repository of the account. */
export const fullName = (repository: string) => `${account.username}/${repository}`

function run(
  dataDirectory: string,
  { words, environment }: { words: string[]; environment: Record<string, string> },
): ChildProcess {
  const [command, ...rest] = words
  return spawn(command!, rest, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'),
      NODE_NO_WARNINGS: '1',
      TMPDIR: tmpdir(),
      DATA_DIR: dataDirectory,
      ...environment,
    },
  })
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

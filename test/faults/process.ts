import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readFile, rm } from 'node:fs/promises'
import { request, type IncomingHttpHeaders } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest'

import { makeCall, type Call } from '#test/support/client.ts'
import { createDatabase } from '#test/support/database.ts'
import { passwordOf, registryToken } from '#test/support/server.ts'
import { makeDataDirectory, makeTemporaryDirectory } from '#test/postgres/program.ts'

const root = join(import.meta.dirname, '..', '..')
const words = ['--disable-warning=ExperimentalWarning', 'src/main.ts']
/** The launcher's, so that starting does not mean compiling. */
const compileCache = join(root, 'node_modules', '.cache', 'node')
const patienceMs = 20_000

// Each of these tests starts several processes, on machines that may be busy with others.
vi.setConfig({ testTimeout: 60_000 })

/** A registry that runs as a process of its own; it is ended with the test. */
export interface RegistryProcess {
  pid: number
  port: number
  /** `http://127.0.0.1:PORT`. */
  url: string
  host: string
  /** Calls as nobody. */
  call: Call
  /** Everything that it has written, stdout and stderr, line by line. */
  lines: string[]
  /** Waits for a line. */
  said(pattern: RegExp): Promise<string>
  /** Fulfilled at its end with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

/** Settings for a registry over the cluster of this test run: it starts sooner than one that brings its own PostgreSQL. */
export async function outsideDatabase(): Promise<Record<string, string>> {
  const { connectionString, drop } = await createDatabase()
  onTestFinished(drop)
  return { DATABASE_URL: connectionString, SECRET_KEY: 'a secret key that only tests use' }
}

/** Prepares for `makeUsedDirectory`; called once in a file that needs it. */
export function prepareUsedDirectory(): { make(): Promise<string> } {
  let used = ''
  beforeAll(async () => {
    used = await makeTemporaryDirectory()
    const { code, lines } = await portolan(['migrate'], { DATA_DIR: used, TMPDIR: used })
    expect([code, lines]).toEqual([0, []])
  })
  afterAll(() => rm(used, { recursive: true, force: true }))
  return {
    /** A data directory with a migrated database, whose registry was stopped in order. */
    async make() {
      const path = await makeDataDirectory()
      await cp(used, path, { recursive: true })
      return path
    },
  }
}

/** Runs a command to its end; `lines` is stderr. */
export async function portolan(
  args: readonly string[],
  environment: Record<string, string>,
  input = '',
) {
  const child = run(args, environment)
  const ended = once(child, 'close')
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await ended) as [number | null]
  return { code, stdout, lines: stderr.split('\n').filter((line) => line !== '') }
}

/** Starts `portolan serve` and waits until it is ready. Throws with its words when it ends before. */
export async function startRegistry(environment: Record<string, string>): Promise<RegistryProcess> {
  const port = Number(environment['PORT'] ?? (await findFreePort()))
  const child = run(['serve'], { LOG_LEVEL: 'error', ...environment, PORT: String(port) })
  child.stdin.end()
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line))
  const ended = once(child, 'close').then(
    ([code, signal]) => (signal ?? code) as number | NodeJS.Signals,
  )
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return ended
  }
  onTestFinished(async () => {
    const killer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
    await end('SIGTERM')
    clearTimeout(killer)
  })
  const find = (pattern: RegExp) => {
    const found = lines.find((line) => pattern.test(line))
    if (found === undefined)
      throw new Error(`the registry did not say ${pattern} but\n${lines.join('\n')}`)
    return found
  }
  const said = (pattern: RegExp) => {
    const look = () => find(pattern)
    return Promise.race([vi.waitFor(look, patienceMs), ended.then(look)])
  }
  await said(/is ready/)
  const host = `127.0.0.1:${port}`
  const url = `http://${host}`
  return { pid: child.pid!, port, url, host, call: makeCall(url), lines, said, ended, end }
}

/** Makes the first account, and gives calls to `/api/v1` as it. */
export async function makeFirstUser(registry: RegistryProcess, name: string): Promise<Call> {
  const email = `${name}@example.com`
  const answer = await registry.call('POST', '/api/v1/user/initialize', {
    body: { username: name, password: passwordOf(name), email, access_token: true },
  })
  if (answer.status !== 200) throw new Error(`${name} was not made: ${answer.text}`)
  return makeCall(registry.url, () => ({ authorization: `Bearer ${answer.json.access_token}` }))
}

/** Calls to `/v2` with a registry token of a user. */
export async function asUser(
  registry: RegistryProcess,
  name: string,
  ...scopes: string[]
): Promise<Call> {
  const token = await registryToken(registry.call, registry.host, name, scopes)
  return makeCall(registry.url, () => ({ authorization: `Bearer ${token}` }))
}

/** Process id of the PostgreSQL of a data directory. */
export async function postgresOf(dataDirectory: string): Promise<number> {
  return Number.parseInt(await readFile(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8'))
}

/** A request whose Host header is what the test says; answers with its body as text. */
export function ask(
  target: { port: number; address?: string; path: string },
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const { port, address = '127.0.0.1', path } = target
    const outgoing = request({ host: address, port, path, headers, agent: false }, (response) => {
      const { statusCode: status = 0, headers: answered } = response
      text(response).then((body) => resolve({ status, headers: answered, text: body }), reject)
    })
    outgoing.once('error', reject)
    outgoing.end()
  })
}

/** A port that nobody listens on. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function run(args: readonly string[], environment: Record<string, string>) {
  const { PATH = '', TMPDIR = '' } = process.env
  return spawn(process.execPath, [...words, ...args], {
    cwd: root,
    stdio: 'pipe',
    // Nothing else of the environment, where a developer may have settings of the registry.
    env: { PATH, ...(TMPDIR && { TMPDIR }), NODE_COMPILE_CACHE: compileCache, ...environment },
  })
}

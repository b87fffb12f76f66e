import { Logger, runOnce } from 'graphile-worker'
import pino from 'pino'
import { onTestFinished } from 'vitest'

import { loadConfig } from '#config.ts'
import type { Clock } from '#domain/clock.ts'
import type { Deps } from '#deps.ts'
import type { BlobDriver } from '#storage/driver.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { createUser } from '#services/create-user.ts'
import { listen } from '#http/server.ts'
import { connect } from '#store/db.ts'
import { tasks } from '#jobs/run.ts'
import { composeRegistry } from '#registry.ts'
import { makeCall, type Call } from './client.ts'
import { createDatabase, type TestDatabase } from './database.ts'
import { pushImage, type PushedImage } from './image.ts'

/** A registry of its own for a test, with a fresh database. */
export interface TestServer {
  /** `http://127.0.0.1:PORT`. */
  url: string
  /** What the registry takes itself for: SERVER_HOSTNAME, or host and port of the URL. */
  host: string
  deps: Deps
  clock: TestClock
  /** Calls as nobody. */
  call: Call
  /** Makes an account; its password is `password of NAME`. */
  user(name: string, options?: { superuser?: boolean }): Promise<{ id: number; call: Call }>
  /** Calls as a user with a browser session; the CSRF token is put in. */
  as(name: string): Call
  /** Calls as a bearer of an OAuth token. */
  withToken(token: string): Call
  /** Calls to `/v2` with a registry token for the scopes; as nobody without a name. */
  registry(name: string | undefined, ...scopes: string[]): Promise<Call>
  /** Makes a repository by pushing an image under each tag. */
  repository(fullName: string, tags?: string[]): Promise<{ url: string; image: PushedImage }>
  /** Audit entries of a repository, oldest first. */
  logs(fullName: string): Promise<{ kind: string; metadata: Record<string, unknown> }[]>
  /** Works off the jobs that are due, by the real clock. */
  jobs(): Promise<void>
}

/** The clock of a test server: real time, which a test can move. */
export interface TestClock extends Clock {
  advance(seconds: number): void
}

/** Password of an account that `user` has made. */
export const passwordOf = (name: string) => `password-of-${name}`

/** What a test may want otherwise of its server. */
export interface ServerOptions {
  blobs?: BlobDriver
  /** How long a client may keep the head, and how long the body of a request waiting. */
  headTimeoutMs?: number
  bodyTimeoutMs?: number
  log?: pino.Logger
  /** Another server's database; whoever made it drops it. */
  database?: TestDatabase
  /** Takes what ends the server; without it the server ends with the test. */
  atEnd?: (end: () => Promise<void>) => void
}

/** Starts a registry; it goes away with the test. Settings are configuration keys. */
export async function startServer(
  settings: Record<string, string> = {},
  options: ServerOptions = {},
): Promise<TestServer> {
  const database = options.database ?? (await createDatabase())
  const { config } = loadConfig({ environment: { ...settings, LOG_LEVEL: 'silent' } })
  const clock = makeClock()
  const registry = await composeRegistry({
    config,
    connectionString: database.connectionString,
    secretKey: 'a secret key that only tests use',
    blobs: options.blobs ?? openMemoryDriver(),
    log: options.log ?? pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' }),
    clock,
    ...(options.bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs: options.bodyTimeoutMs }),
  })
  const listener = await listen(registry.handle, {
    bind: ['127.0.0.1'],
    port: 0,
    headTimeoutMs: options.headTimeoutMs,
  })
  const atEnd = options.atEnd ?? onTestFinished
  atEnd(async () => {
    await listener.drain(0)
    await registry.close()
    if (!options.database) await database.drop()
  })
  const host = `127.0.0.1:${listener.port}`
  const names = { url: `http://${host}`, host: config.SERVER_HOSTNAME ?? host }
  const server = makeTestServer(names, registry.deps, clock)
  return { ...server, jobs: () => workOff(registry.deps, database) }
}

async function workOff(deps: Deps, { connectionString }: TestDatabase): Promise<void> {
  const { pool } = connect({ connectionString, maxConnections: 3 })
  await runOnce({
    pgPool: pool,
    logger: new Logger(() => () => {}),
    noHandleSignals: true,
    taskList: tasks(deps),
  })
  // Not `close`: Kysely, which was not asked anything, would leave the pool open.
  await pool.end()
}

function makeClock(): TestClock {
  let aheadMs = 0
  return {
    now: () => new Date(Date.now() + aheadMs),
    advance(seconds) {
      aheadMs += seconds * 1000
    },
  }
}

function makeTestServer(
  { url, host }: { url: string; host: string },
  deps: Deps,
  clock: TestClock,
): Omit<TestServer, 'jobs'> {
  const call = makeCall(url)
  const sessions = new Map<string, Promise<{ cookie: string; csrfToken: string }>>()
  const server: Omit<TestServer, 'jobs'> = {
    url,
    host,
    deps,
    clock,
    call,
    async user(name, { superuser = false } = {}) {
      const { id } = await createUser(deps, {
        username: name,
        email: `${name}@example.com`,
        password: passwordOf(name),
        superuser,
        actor: { kind: 'anonymous', credential: { kind: 'none' }, address: '', userAgent: 'test' },
      })
      return { id, call: server.as(name) }
    },
    as(name) {
      return makeCall(url, async (method) => {
        if (!sessions.has(name)) sessions.set(name, signIn(call, name))
        const { cookie, csrfToken } = await sessions.get(name)!
        return {
          cookie,
          ...(method === 'GET' || method === 'HEAD' ? {} : { 'x-csrf-token': csrfToken }),
        }
      })
    },
    withToken: (token) => makeCall(url, () => ({ authorization: `Bearer ${token}` })),
    async registry(name, ...scopes) {
      const token = await registryToken(call, host, name, scopes)
      return makeCall(url, () => ({ authorization: `Bearer ${token}` }))
    },
    async repository(fullName, tags = ['latest']) {
      const owner = fullName.split('/')[0]!
      const push = await server.registry(owner, `repository:${fullName}:pull,push`)
      const image = await pushImage(push, fullName, tags)
      return { url: `/api/v1/repository/${fullName}`, image }
    },
    async logs(fullName) {
      const slash = fullName.indexOf('/')
      return deps.db
        .selectFrom('log_entry as l')
        .innerJoin('repository as r', 'r.id', 'l.repository_id')
        .innerJoin('namespace as n', 'n.id', 'r.namespace_id')
        .select(['l.kind', 'l.metadata'])
        .where('n.name', '=', fullName.slice(0, slash))
        .where('r.name', '=', fullName.slice(slash + 1))
        .orderBy('l.id')
        .execute() as never
    },
  }
  return server
}

/** Signs in with the password of `user`; gives the cookie and the CSRF token that go with it. */
export async function signIn(
  call: Call,
  name: string,
  password = passwordOf(name),
): Promise<{ cookie: string; csrfToken: string }> {
  const first = await call('GET', '/csrf_token')
  const answer = await call('POST', '/api/v1/signin', {
    headers: { cookie: cookieOf(first.headers), 'x-csrf-token': first.json.csrf_token },
    body: { username: name, password },
  })
  if (answer.status !== 200) throw new Error(`${name} could not sign in: ${answer.text}`)
  return {
    cookie: cookieOf(answer.headers),
    csrfToken: answer.headers.get('x-next-csrf-token')!,
  }
}

/** The cookies that an answer sets, as a request sends them back. */
export function cookieOf(headers: Headers): string {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0]!)
    .filter((cookie) => !cookie.endsWith('='))
    .join('; ')
}

/** Asks the token service; as nobody without a name. */
export async function registryToken(
  call: Call,
  host: string,
  name: string | undefined,
  scopes: readonly string[],
): Promise<string> {
  const query = new URLSearchParams([
    ['service', host],
    ...scopes.map((scope): [string, string] => ['scope', scope]),
  ])
  const credentials = name && Buffer.from(`${name}:${passwordOf(name)}`).toString('base64')
  const answer = await call('GET', `/v2/auth?${query}`, {
    headers: credentials ? { authorization: `Basic ${credentials}` } : {},
  })
  if (answer.status !== 200) throw new Error(`no token for ${name}: ${answer.text}`)
  return answer.json.token
}

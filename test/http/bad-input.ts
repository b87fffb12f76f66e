import { sql } from 'kysely'
import { expect } from 'vitest'

import { contractViolations } from '#test/support/contract.ts'
import type { DeclaredOperation } from '#test/support/operation.ts'
import { sendRaw, type RawAnswer, type RawRequest } from '#test/support/raw.ts'
import {
  cookieOf,
  passwordOf,
  registryToken,
  startServer,
  type ServerOptions,
  type TestServer,
} from '#test/support/server.ts'

/** A registry with something in it, and somebody who may do everything there. */
export interface Harbour {
  server: TestServer
  host: string
  /** Headers of the one who may do everything, as the operation wants them. */
  identify(operation: Pick<DeclaredOperation, 'operationId' | 'api'>): Record<string, string>
  /** Sends a request as that one, and checks the answer against its document. */
  send(operation: DeclaredOperation, request: RawRequest): Promise<RawAnswer>
  /** Checks that every table has as many rows as when the harbour was opened. */
  expectNothingLeft(): Promise<void>
}

/** Operations that take no registry token. */
const tokenService = ['issueToken', 'exchangeToken']

/** Opens a registry with the account `acme` and its repository `acme/nginx`, tag `stable`. */
export async function openHarbour(options: ServerOptions = {}): Promise<Harbour> {
  const server = await startServer({ FEATURE_REPO_MIRROR: 'true' }, options)
  const { host } = server
  await server.user('acme', { superuser: true })
  await server.repository('acme/nginx', ['stable'])
  const browser = await signIn(server)
  const scope = 'repository:acme/nginx:pull,push,delete,*'
  const token = await registryToken(server.call, host, 'acme', [scope])
  const identify: Harbour['identify'] = ({ operationId, api }) => {
    if (api === 'v1') return browser
    return tokenService.includes(operationId) ? {} : { authorization: `Bearer ${token}` }
  }
  const before = await countRows(server)
  return {
    server,
    host,
    identify,
    async send(operation, request) {
      const headers = { ...identify(operation), ...request.headers }
      const answer = await sendRaw(host, { ...request, headers })
      const { method, target: path } = request
      const violations = contractViolations({ ...answer, method, path })
      const place = `${method} ${path.slice(0, 200)}`
      expect(violations, `${place}: ${answer.body.toString().slice(0, 500)}`).toEqual([])
      return answer
    },
    async expectNothingLeft() {
      expect(await countRows(server)).toEqual(before)
    },
  }
}

async function signIn({ call }: TestServer) {
  const first = await call('GET', '/csrf_token')
  const answer = await call('POST', '/api/v1/signin', {
    headers: { cookie: cookieOf(first.headers), 'x-csrf-token': first.json.csrf_token },
    body: { username: 'acme', password: passwordOf('acme') },
  })
  return {
    cookie: cookieOf(answer.headers),
    'x-csrf-token': answer.headers.get('x-next-csrf-token')!,
  }
}

async function countRows({ deps }: TestServer): Promise<Record<string, number>> {
  const tables = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(deps.db)
  const counts: Record<string, number> = {}
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ count: string }>`select count(*) from ${sql.id(name)}`.execute(
      deps.db,
    )
    counts[name] = Number(rows[0]!.count)
  }
  return counts
}

/** Expects a refusal in the words of the face: a 4xx, a code, and a sentence. Gives the code. */
export function expectRefusal(
  answer: RawAnswer,
  face: 'v1' | 'v2' | 'form' | 'both',
  status?: number,
): string {
  const text = answer.body.toString().slice(0, 500)
  expect(answer.status, text).toBeGreaterThanOrEqual(400)
  expect(answer.status, text).toBeLessThan(500)
  if (status !== undefined) expect(answer.status, text).toBe(status)
  expect(answer.headers.get('content-type'), text).toBe('application/json')
  const { json } = answer
  if (face === 'form') {
    expect(json.error_description, text).toMatch(/\w+ \w+/)
    return json.error
  }
  if (face !== 'v2') {
    expect(json, text).toMatchObject({
      status: answer.status,
      error_type: json.title,
      detail: json.message,
    })
    expect(json.detail, text).toMatch(/\w+/)
  }
  if (face === 'v1') return json.error_type
  expect(json.errors?.[0]?.message, text).toMatch(/\w+ \w+/)
  return json.errors[0].code
}

/** The face in whose words an operation refuses. */
export function faceOf({ operationId, api }: DeclaredOperation): 'v1' | 'v2' | 'form' {
  return operationId === 'exchangeToken' ? 'form' : api
}

/** Runs work for each item, a handful at a time. */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>) {
  const queue = items.values()
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const item of queue) await work(item)
    }),
  )
}

/** Runs work and expects that it took under 30 seconds and raised the peak of memory by less than 100 MiB. */
export async function expectCheap<T>(work: () => Promise<T>): Promise<T> {
  const peakBefore = process.resourceUsage().maxRSS
  const startedAt = performance.now()
  const result = await work()
  expect(performance.now() - startedAt).toBeLessThan(30_000)
  expect((process.resourceUsage().maxRSS - peakBefore) / 1024).toBeLessThan(100)
  return result
}

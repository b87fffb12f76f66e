import { sql } from 'kysely'

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
import { furnish } from './harbour.ts'

/** A registry with something in it, and somebody who may do everything there. */
export interface Harbour {
  server: TestServer
  host: string
  /** Headers of the one who may do everything, as the operation wants them. */
  identify(operation: Pick<DeclaredOperation, 'operationId' | 'api'>): Record<string, string>
  /** Sends a request as that one. Throws when the answer breaks its document. */
  send(operation: DeclaredOperation, request: RawRequest): Promise<RawAnswer>
  /** Tables that have more rows or fewer than when the harbour was opened, and how many. */
  leftovers(): Promise<Record<string, number>>
}

/** Operations that take no registry token. */
const tokenService = ['issueToken', 'exchangeToken']
/** Operations for other services, which sign their own tokens. */
const ofServices = ['putServicePublicKey', 'deleteServicePublicKey']

/** Every operation is there. */
const settings = {
  FEATURE_REPO_MIRROR: 'true',
  FEATURE_SUPERUSERS_FULL_ACCESS: 'true',
  FEATURE_SUPERUSER_CONFIGDUMP: 'true',
  SSRF_ALLOWED_HOSTS: '127.0.0.1',
  MAIL_SERVER: '127.0.0.1',
  SERVER_HOSTNAME: 'registry.example.com',
}

/** Where the repository of a harbour is on `/v2`. */
export const base = '/v2/acme/nginx'

/** Opens a registry that `furnish` has filled, for `ada`, who may do everything there. */
export async function openHarbour(options: ServerOptions = {}): Promise<Harbour> {
  const server = await startServer(settings, options)
  const { host } = new URL(server.url)
  await server.user('ada', { superuser: true })
  const furniture = await furnish(server)
  const browser = await signIn(server)
  const scope = 'repository:acme/nginx:pull,push,delete,*'
  const token = await registryToken(server.call, server.host, 'ada', [scope])
  const identify: Harbour['identify'] = ({ operationId, api }) => {
    if (operationId === 'robotFederationToken') return furniture.federated()
    if (ofServices.includes(operationId)) return furniture.service()
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
      if (violations.length === 0) return answer
      const text = answer.body.toString().slice(0, 500)
      throw new Error(`${method} ${path.slice(0, 200)}: ${violations.join('; ')}: ${text}`)
    },
    async leftovers() {
      const counts = Object.entries(await countRows(server))
      return Object.fromEntries(counts.filter(([table, count]) => count !== before[table]))
    },
  }
}

async function signIn({ call }: TestServer) {
  const first = await call('GET', '/csrf_token')
  const answer = await call('POST', '/api/v1/signin', {
    headers: { cookie: cookieOf(first.headers), 'x-csrf-token': first.json.csrf_token },
    body: { username: 'ada', password: passwordOf('ada') },
  })
  return {
    cookie: cookieOf(answer.headers),
    'x-csrf-token': answer.headers.get('x-next-csrf-token')!,
  }
}

async function countRows({ deps }: TestServer): Promise<Record<string, number>> {
  const tables = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'
      -- A login that nobody has is counted like one of somebody.
      and table_name <> 'unknown_sign_in'`.execute(deps.db)
  const counts: Record<string, number> = {}
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ count: string }>`select count(*) from ${sql.id(name)}`.execute(
      deps.db,
    )
    counts[name] = Number(rows[0]!.count)
  }
  return counts
}

/** In whose words a refusal is: of one face, of the token form, of both at once; `head` has none. */
export type Face = 'v1' | 'v2' | 'form' | 'both' | 'head'

/** Operations that refuse in the words of OAuth 2. */
const forms = ['exchangeToken', 'oauthAccessToken']

/** The face in whose words an operation refuses. */
export function faceOf({ operationId, api, method }: DeclaredOperation): Face {
  if (method === 'HEAD') return 'head'
  return forms.includes(operationId) ? 'form' : api
}

/**
 * Status and code of a refusal. Throws when it is none in the words of the face: no 4xx, no envelope, no
 * sentence; or not the status that is wanted.
 */
export function refusal(answer: RawAnswer, face: Face, wanted?: number): [number, string] {
  const { status, headers, json = {} } = answer
  const [error] = (json.errors ?? []) as { code: string; message: string }[]
  const sentences = {
    v1: [json.detail, json.message, json.error_message],
    v2: [error?.message],
    form: [json.error_description],
    both: [json.detail, json.message, error?.message],
    head: ['no words'],
  }[face]
  const isRefusal =
    status >= 400 &&
    status < 500 &&
    (wanted === undefined || status === wanted) &&
    (face === 'head' || headers.get('content-type') === 'application/json') &&
    (face === 'v2' || face === 'form' || face === 'head' || json.status === status) &&
    sentences.every((text) => typeof text === 'string' && /\w+ ?\w*/.test(text))
  if (!isRefusal)
    throw new Error(`no refusal for ${face}: ${status} ${answer.body.toString().slice(0, 500)}`)
  const code = {
    v1: json.error_type,
    form: json.error,
    v2: error?.code,
    both: error?.code,
    head: '',
  }
  return [status, code[face] as string]
}

/** Throws when the status of an answer is a fault of the registry. */
export function demandNoFault({ status, body }: RawAnswer): void {
  if (!(status < 500)) throw new Error(`${status} ${body.toString().slice(0, 500)}`)
}

/** Tries each item, a handful at a time, and gives what went wrong. */
export async function faultsOf<T>(
  items: readonly T[],
  attempt: (item: T) => Promise<unknown>,
): Promise<string[]> {
  const faults: string[] = []
  const queue = items.values()
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const item of queue)
        await attempt(item).catch((error: unknown) => {
          const about = JSON.stringify(item, (key, value) =>
            key === 'operation' ? value.operationId : value,
          )
          faults.push(`${String(error)} for ${about.slice(0, 300)}`)
        })
    }),
  )
  return faults
}

/** Does work. Throws when it took 30 seconds, or raised the peak of memory by 100 MiB. */
export async function cheaply<T>(work: () => Promise<T>): Promise<T> {
  const peakKib = process.resourceUsage().maxRSS
  const startedAt = performance.now()
  const result = await work()
  const seconds = (performance.now() - startedAt) / 1000
  const mebibytes = (process.resourceUsage().maxRSS - peakKib) / 1024
  if (seconds < 30 && mebibytes < 100) return result
  throw new Error(`it took ${seconds.toFixed(1)} s and ${Math.round(mebibytes)} MiB`)
}

/** Sends a request to `/v2` with the right to push; a path without a slash before it is below the repository. */
export function push(
  { host, identify }: Harbour,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<RawAnswer> {
  return sendRaw(host, {
    method,
    target: path.startsWith('/') ? path : `${base}/${path}`,
    headers: { ...identify({ api: 'v2', operationId: '' }), ...headers },
    ...(body === undefined ? {} : { body }),
  })
}

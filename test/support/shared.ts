import { request } from 'node:http'

import { sql } from 'kysely'
import { afterAll, beforeAll } from 'vitest'

import type { Answer, Call } from './client.ts'
import { contractViolations } from './contract.ts'
import { startServer, type ServerOptions, type TestServer } from './server.ts'

/** One server for the tests of a file. Each test works in namespaces of its own and leaves clock and settings alone. */
export function shareServer(
  settings: Record<string, string> = {},
  options: ServerOptions = {},
): () => TestServer {
  const ends: (() => Promise<void>)[] = []
  let server: TestServer | undefined
  beforeAll(async () => {
    server = await startServer(settings, { ...options, atEnd: (end) => ends.push(end) })
  })
  afterAll(() => Promise.all(ends.map((end) => end())))
  return () => server!
}

/** A user whom nobody else has, and a repository name of theirs. */
export interface Owner {
  name: string
  /** `NAME/app`; nothing is in it yet. */
  fullName: string
  /** `/v2/NAME/app`. */
  path: string
  /** Calls with a token for pull, push and delete. */
  push: Call
}

let counter = 0

/** Makes a user. */
export async function newOwner(server: TestServer, repository = 'app'): Promise<Owner> {
  counter += 1
  const name = `owner${counter}`
  await server.user(name)
  const fullName = `${name}/${repository}`
  const push = await server.registry(name, `repository:${fullName}:pull,push,delete`)
  return { name, fullName, path: `/v2/${fullName}`, push }
}

/** Opens a repository to everybody, or closes it. */
export async function setPublic(
  { deps }: TestServer,
  fullName: string,
  isPublic = true,
): Promise<void> {
  await sql`update repository r set is_public = ${isPublic} from namespace n
    where n.id = r.namespace_id and n.name || '/' || r.name = ${fullName}`.execute(deps.db)
}

/** What a registry token says. */
export interface TokenClaims {
  iss: string
  aud: string
  sub: string
  iat: number
  nbf: number
  exp: number
  access: { type: string; name: string; actions: string[] }[]
}

/** Reads a token without verifying it. */
export function readToken(token: string): {
  header: { kid: string; alg: string }
  claims: TokenClaims
} {
  const [header, claims] = token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')))
  return { header, claims }
}

/** `Basic …` for a user of `server.user`. */
export function basic(login: string, password: string): string {
  return `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`
}

/** A call whose path goes out as it is written, with any header; `fetch` tidies both up. Checked against the documents too. */
export function rawCall(
  { url }: TestServer,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const answer = {
          status: response.statusCode!,
          headers: new Headers(response.headers as Record<string, string>),
          bytes,
          text: bytes.toString('utf8'),
          json: readJson(bytes),
        }
        const violations = contractViolations({ ...answer, method, path, body: bytes })
        if (violations.length > 0) reject(new Error(`${method} ${path}: ${violations.join('; ')}`))
        else resolve(answer)
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function readJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

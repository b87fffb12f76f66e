import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'

import type { Clock } from '#domain/clock.ts'
import { outcome, type Answer } from '#test/support/client.ts'
import type { TestServer } from '#test/support/server.ts'

/** A key pair as a service of its own has it. */
export interface OwnKey {
  kid: string
  /** Public half. */
  jwk: Record<string, unknown>
  privateKey: KeyObject
  algorithm: jwt.Algorithm
}

/** Makes a key pair on P-256. */
export function makeKey(kid: string): OwnKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, jwk: publicKey.export({ format: 'jwk' }) as never, privateKey, algorithm: 'ES256' }
}

/** Makes an RSA key pair. */
export function makeRsaKey(kid: string, modulusLength = 2048): OwnKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
  return { kid, jwk: publicKey.export({ format: 'jwk' }) as never, privateKey, algorithm: 'RS256' }
}

export const pathOf = (kid: string, service = 'scanner') => `/keys/services/${service}/keys/${kid}`

/** What a token says beside the usual. */
export interface TokenClaims {
  iss?: string
  aud?: string
  lifeSeconds?: number | undefined
}

/** A token as the service `scanner` signs it for the server. */
export function signToken(
  server: { url: string; clock: Clock },
  key: OwnKey,
  claims: TokenClaims = {},
): string {
  const { iss = 'scanner', aud = server.url } = claims
  const lifeSeconds = 'lifeSeconds' in claims ? claims.lifeSeconds : 60
  const iat = Math.floor(server.clock.now().getTime() / 1000)
  const exp = lifeSeconds === undefined ? {} : { exp: iat + lifeSeconds }
  return jwt.sign({ iss, aud, iat, ...exp }, key.privateKey, {
    algorithm: key.algorithm,
    ...(key.kid === '' ? {} : { keyid: key.kid }),
    allowInsecureKeySizes: true,
  })
}

/** Submits a key, spoken for by itself or by `signer`. */
export function submit(
  server: TestServer,
  key: OwnKey,
  {
    signer = key,
    query = '',
    body = key.jwk,
  }: { signer?: OwnKey; query?: string; body?: object } = {},
): Promise<Answer> {
  const caller = server.withToken(signToken(server, signer))
  return caller('PUT', `${pathOf(key.kid)}${query}`, { body })
}

/** Submits a key and has the superuser `root` approve it. */
export async function submitApproved(server: TestServer, kid: string): Promise<OwnKey> {
  const key = makeKey(kid)
  const submitted = await outcome(submit(server, key))
  const approved = await server.as('root')('POST', `/api/v1/superuser/approvedkeys/${kid}`, {
    body: { notes: 'known' },
  })
  if (submitted[0] !== 202 || approved.status !== 201) throw new Error(`${kid} was not approved`)
  return key
}

/** Audit entries under no namespace, oldest first. */
export async function listKeyAudit(server: TestServer) {
  const rows = await server.deps.db
    .selectFrom('log_entry')
    .select(['kind', 'metadata', 'performer_name'])
    .where('kind', 'like', 'service_key%')
    .where('namespace_id', 'is', null)
    .orderBy('id')
    .execute()
  return rows as {
    kind: string
    metadata: Record<string, unknown>
    performer_name: string | null
  }[]
}

/** What users have been told, by their names. */
export async function listNotices(server: TestServer) {
  return server.deps.db
    .selectFrom('user_notification as u')
    .innerJoin('namespace as n', 'n.id', 'u.namespace_id')
    .select(['n.name', 'u.kind', 'u.metadata'])
    .orderBy('n.name')
    .execute()
}

import jwt from 'jsonwebtoken'

import type { FederationEntry } from '#domain/robot.ts'
import type { IssuerKeys } from './issuer-keys.ts'

const leewaySeconds = 30
/** Signatures by key pairs alone: with a shared secret the public key would be the secret (RFC 8725, 2.1). */
const algorithms: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
]

/**
 * Checks a token of an outside issuer against the entries of a robot and gives the one that it fits: issuer,
 * subject and audience (where the entry has none, that of `wanted`). An issuer that no entry names is never asked for its
 * keys. Throws an error that says what is wrong.
 */
export async function verifyOutsideToken(
  keys: IssuerKeys,
  token: string,
  wanted: {
    entries: readonly FederationEntry[]
    /** Namespace of the robot. */
    ownerId: number
    audience: string | undefined
    at: Date
  },
): Promise<FederationEntry> {
  const { header, payload } = decode(token)
  const entry = wanted.entries.find(
    ({ issuer, subject }) => payload.iss === issuer && payload.sub === subject,
  )
  if (!entry) throw new Error('its issuer and subject are none of the robot')
  const audience = entry.audience ?? wanted.audience
  if (audience === undefined)
    throw new Error('without SERVER_HOSTNAME the entry must name an audience')
  if (!algorithms.includes(header.alg) || typeof header.kid !== 'string')
    throw new Error(`it must name its key, and be signed with one of ${algorithms.join(', ')}`)
  const key = await keys.find(entry.issuer, header.kid, wanted.ownerId)
  if (!key) throw new Error('its issuer has no such key')
  if (key.algorithm !== undefined && key.algorithm !== header.alg)
    throw new Error(`its key is for ${key.algorithm}`)
  const claims = jwt.verify(token, key.publicKey, {
    algorithms: [header.alg as jwt.Algorithm],
    issuer: entry.issuer,
    subject: entry.subject,
    audience,
    clockTolerance: leewaySeconds,
    clockTimestamp: Math.floor(wanted.at.getTime() / 1000),
  }) as jwt.JwtPayload
  if (typeof claims.exp !== 'number') throw new Error('it has no time at which it ends')
  return entry
}

function decode(token: string): { header: jwt.JwtHeader; payload: jwt.JwtPayload } {
  const decoded = jwt.decode(token, { complete: true })
  if (!decoded || typeof decoded.payload === 'string') throw new Error('it is no JSON Web Token')
  return { header: decoded.header, payload: decoded.payload }
}

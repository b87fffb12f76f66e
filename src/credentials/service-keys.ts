import {
  createHash,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'
import jwt from 'jsonwebtoken'

import { RegistryError } from '#domain/errors.ts'
import {
  curveAlgorithms,
  isKeyId,
  type ServiceJwk,
  type SubmittedJwk,
} from '#domain/service-key.ts'

const rsaBits = { least: 2048, most: 8192 }
/** Clocks of other services may differ by this much. */
const leewaySeconds = 30
/** A token is a proof for one call; one that lives longer is only there to be stolen. */
const maxLifeSeconds = 3600

const generate = promisify(generateKeyPair)

/** Makes an RSA key pair in the thread pool; the private half as PEM (PKCS#1). `kid` is the RFC 7638 thumbprint. */
export async function makeServiceKey(): Promise<{
  jwk: ServiceJwk
  publicPem: string
  privatePem: string
}> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: rsaBits.least })
  const { n, e } = publicKey.export({ format: 'jwk' })
  // RFC 7638: the required members in lexical order, without white space.
  const canonical = JSON.stringify({ e, kty: 'RSA', n })
  const kid = createHash('sha256').update(canonical).digest('base64url')
  return {
    jwk: describeKey(publicKey, kid),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }) as string,
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs1' }) as string,
  }
}

/** Reads a key that a service hands in under `kid`. Throws `invalid_request` for one that is broken or weak. */
export function parseServiceKey(given: SubmittedJwk, kid: string): ServiceJwk {
  if (given.kid !== undefined && given.kid !== kid)
    throw refusal('the kid of the key is not the one of the path')
  const { kty, n, e, crv, x, y } = given
  const publicKey = importKey(kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y })
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {}
  if (kty === 'RSA' && (modulusLength < rsaBits.least || modulusLength > rsaBits.most))
    throw refusal(`an RSA key has ${rsaBits.least} to ${rsaBits.most} bits`)
  // With the exponent 1 anybody could sign.
  if (kty === 'RSA' && (publicExponent < 3n || publicExponent % 2n === 0n))
    throw refusal('the exponent of an RSA key is an odd number above 2')
  return describeKey(publicKey, kid)
}

/** Reads which key signed a token; undefined when it does not say. Throws `invalid_request` for what is no such token. */
export function readServiceToken(token: string): { kid: string | undefined } {
  let header: jwt.JwtHeader | undefined
  try {
    header = jwt.decode(token, { complete: true })?.header
  } catch {
    header = undefined
  }
  const kid = header?.kid || undefined
  if (!header || (kid !== undefined && !(typeof kid === 'string' && isKeyId(kid))))
    throw refusal('send a JWT that the service has signed, as Authorization: Bearer')
  return { kid }
}

/** Throws `invalid_request` unless the key has signed the token, for this service and this registry, a moment ago. */
export function verifyServiceToken(
  token: string,
  wanted: { jwk: ServiceJwk; service: string; audience: string; at: Date },
): void {
  const now = Math.floor(wanted.at.getTime() / 1000)
  let claims: jwt.JwtPayload | string
  try {
    claims = jwt.verify(token, importKey(wanted.jwk), {
      algorithms: [wanted.jwk.alg],
      issuer: wanted.service,
      audience: wanted.audience,
      clockTolerance: leewaySeconds,
      clockTimestamp: now,
    })
  } catch (cause) {
    throw refusal(
      `the token is not valid: ${wanted.jwk.alg} by the key ${wanted.jwk.kid}, iss ${wanted.service}, aud ${wanted.audience} are wanted, and an exp in the future`,
      cause,
    )
  }
  const ends = typeof claims === 'string' ? undefined : claims.exp
  if (ends === undefined || ends > now + maxLifeSeconds + leewaySeconds)
    throw refusal('the token must expire within an hour')
}

function importKey(key: object): KeyObject {
  try {
    return createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
  } catch (cause) {
    throw refusal(
      'the body is not a public key: a JWK has n and e for RSA, crv, x and y for EC',
      cause,
    )
  }
}

/** Members come from the imported key and not from the sender: nothing private or unknown is among them. */
function describeKey(publicKey: KeyObject, kid: string): ServiceJwk {
  const { n, e, crv, x, y } = publicKey.export({ format: 'jwk' }) as SubmittedJwk
  if (crv === undefined) return { kty: 'RSA', kid, alg: 'RS256', use: 'sig', n: n!, e: e! }
  const alg = curveAlgorithms[crv as keyof typeof curveAlgorithms]
  return { kty: 'EC', kid, alg, use: 'sig', crv, x: x!, y: y! }
}

function refusal(reason: string, cause?: unknown): RegistryError {
  return new RegistryError('invalid_request', reason, { cause })
}

import { createHash, randomUUID } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { LRUCache } from 'lru-cache'

import type { Clock } from '#domain/clock.ts'
import { RegistryError } from '#domain/errors.ts'
import type { AccessEntry, KnownPrincipal } from '#domain/principal.ts'
import type { SigningKeys } from './signing-keys.ts'

/** Life of a registry token in seconds. */
export const registryTokenSeconds = 300
/** Clocks of clients and nodes may differ by this much. */
const leewaySeconds = 30
const anonymousSubject = '(anonymous)'

/** What a registry token (Docker token specification, ES256) says. */
export interface RegistryTokenClaims {
  /** Undefined: nobody in particular. */
  subject: TokenSubject | undefined
  access: AccessEntry[]
}

/** Whose token it is, in Quay's words, and how it is looked up again: by account, or by the token it was made with. */
export interface TokenSubject {
  kind: 'user' | 'robot' | 'oauthtoken' | 'appspecifictoken'
  username: string
  /** Uuid of the account, or of the OAuth or app token. */
  reference: string
  /** Of an account: the epoch of its password or robot token when the token was made. */
  credentialEpoch: string
}

const subjectKinds: readonly string[] = ['user', 'robot', 'oauthtoken', 'appspecifictoken']

/** The subject of a token for somebody who is signed in. */
export function subjectOf(principal: KnownPrincipal): TokenSubject {
  const { username, credentialEpoch, credential } = principal
  switch (credential.kind) {
    case 'oauth_token':
      return { kind: 'oauthtoken', username, reference: credential.tokenUuid, credentialEpoch }
    case 'app_token':
      return {
        kind: 'appspecifictoken',
        username,
        reference: credential.tokenUuid,
        credentialEpoch,
      }
    default:
      return { kind: principal.kind, username, reference: principal.uuid, credentialEpoch }
  }
}

/** Signs a token for the registry at `audience` (host and port). */
export async function signRegistryToken(
  keys: SigningKeys,
  token: RegistryTokenClaims & { audience: string; issuer: string; at: Date },
): Promise<string> {
  const { kid, privateKey } = await keys.signer()
  const issuedAt = Math.floor(token.at.getTime() / 1000)
  const claims = {
    iss: token.issuer,
    aud: token.audience,
    sub: token.subject?.username ?? anonymousSubject,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + registryTokenSeconds,
    jti: randomUUID(),
    access: token.access,
    context: token.subject
      ? {
          version: 2,
          entity_kind: token.subject.kind,
          entity_reference: token.subject.reference,
          epoch: token.subject.credentialEpoch,
        }
      : { version: 2, entity_kind: 'anonymous' },
  }
  return jwt.sign(claims, privateKey, { algorithm: 'ES256', keyid: kid })
}

interface Verified extends RegistryTokenClaims {
  audience: string
  expiresAtMs: number
}

/** Verifies tokens; a token that was verified once is looked up by its sha256 until it expires. */
export type VerifyRegistryToken = (token: string, audience: string) => Promise<RegistryTokenClaims>

/** Makes the verifier. It throws `unauthorized` with the reason: malformed, expired, unknown key, foreign audience. */
export function openTokenVerifier(options: {
  keys: SigningKeys
  issuer: string
  clock: Clock
}): VerifyRegistryToken {
  const verified = new LRUCache<string, Verified>({ max: 10_000 })
  return async (token, audience) => {
    const key = createHash('sha256').update(token).digest('base64')
    let claims = verified.get(key)
    if (!claims) {
      claims = await verify(token, options)
      verified.set(key, claims)
    }
    if (claims.expiresAtMs + leewaySeconds * 1000 < options.clock.now().getTime())
      throw refusal('the token has expired')
    if (claims.audience !== audience)
      throw refusal(`the token is for ${claims.audience}, this is ${audience}`)
    return claims
  }
}

async function verify(
  token: string,
  options: { keys: SigningKeys; issuer: string; clock: Clock },
): Promise<Verified> {
  const publicKey = await options.keys.verifier(readKeyId(token))
  if (!publicKey) throw refusal('the token is signed with a key that is unknown or has expired')
  try {
    const claims = jwt.verify(token, publicKey, {
      algorithms: ['ES256'],
      issuer: options.issuer,
      clockTolerance: leewaySeconds,
      clockTimestamp: Math.floor(options.clock.now().getTime() / 1000),
    }) as jwt.JwtPayload
    const { context } = claims
    return {
      subject: subjectKinds.includes(context.entity_kind)
        ? {
            kind: context.entity_kind,
            username: claims.sub as string,
            reference: context.entity_reference,
            credentialEpoch: context.epoch,
          }
        : undefined,
      access: claims.access,
      audience: claims.aud as string,
      expiresAtMs: (claims.exp as number) * 1000,
    }
  } catch (cause) {
    throw refusal(
      cause instanceof jwt.TokenExpiredError ? 'the token has expired' : 'the token is not valid',
      cause,
    )
  }
}

/** Ids of our keys are thumbprints (RFC 7638); others are not looked for. */
function readKeyId(token: string): string {
  let kid: unknown
  try {
    kid = jwt.decode(token, { complete: true })?.header.kid
  } catch (cause) {
    throw refusal('the token is malformed', cause)
  }
  if (typeof kid === 'string' && /^[\w-]{1,128}$/.test(kid)) return kid
  throw refusal('the token is malformed')
}

function refusal(reason: string, cause?: unknown): RegistryError {
  return new RegistryError('unauthorized', `${reason}: ask the token service for a new one`, {
    cause,
    challenge: { error: 'invalid_token' },
  })
}

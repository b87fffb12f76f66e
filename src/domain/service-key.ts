import { RegistryError } from './errors.ts'

/** A public key of another service as it is kept and served (RFC 7517): only members that are public. */
export interface ServiceJwk {
  kty: 'RSA' | 'EC'
  kid: string
  alg: KeyAlgorithm
  use: 'sig'
  n?: string
  e?: string
  crv?: string
  x?: string
  y?: string
}

/** A key as a service hands it in. */
export interface SubmittedJwk {
  kty: 'RSA' | 'EC'
  kid?: string
  n?: string
  e?: string
  crv?: string
  x?: string
  y?: string
}

/** How keys on each curve sign (RFC 7518, 3.4). */
export const curveAlgorithms = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' } as const
export type KeyAlgorithm = 'RS256' | (typeof curveAlgorithms)[keyof typeof curveAlgorithms]

/** What decides whether a key of another service counts. */
export interface KeyLife {
  approved_at: Date | null
  expires_at: Date | null
}

/** True when the key is approved and has not expired. */
export function isServed({ approved_at, expires_at }: KeyLife, at: Date): boolean {
  return approved_at !== null && (expires_at === null || expires_at > at)
}

/** When a key is to expire, out of seconds since 1970 (null: never). Throws `invalid_request` unless that lies ahead. */
export function parseExpiration(seconds: number | null, at: Date): Date | null {
  if (seconds === null) return null
  const expiresAt = new Date(seconds * 1000)
  if (expiresAt > at) return expiresAt
  throw new RegistryError('invalid_request', 'the expiration must lie in the future')
}

/** Throws `invalid_request` unless the text can name a service: lower-case letters, digits and `_` (Quay's rule). */
export function parseServiceName(text: string): string {
  if (/^[a-z0-9_]{1,255}$/.test(text)) return text
  throw new RegistryError(
    'invalid_request',
    `'${text.slice(0, 80)}' is no name of a service: lower-case letters, digits and _`,
  )
}

/** True for what can be the id of a key. Clients resolve `.` and `..` in a path, so they would never find it. */
export function isKeyId(text: string): boolean {
  return /^(?!\.{1,2}$)[A-Za-z0-9_.~:+=-]{1,255}$/.test(text)
}

/** Throws `invalid_request` unless the text can be the id of a key. */
export function parseKeyId(text: string): string {
  if (isKeyId(text)) return text
  throw new RegistryError(
    'invalid_request',
    `'${text.slice(0, 80)}' is no id of a key: 1 to 255 letters, digits, '_', '-', '.', '~', ':', '+' or '='`,
  )
}

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  randomBytes,
  randomInt,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'

const capitals = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const digits = '0123456789'

/** Random token of `length` characters out of A-Z, a-z and 0-9. */
export function randomToken(length: number): string {
  return randomText(length, capitals + capitals.toLowerCase() + digits)
}

/** Random password of 32 characters out of A-Z and 0-9. */
export function randomPassword(): string {
  return randomText(32, capitals + digits)
}

function randomText(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** Token of a robot: 64 characters out of A-Z and 0-9 (Quay's form). */
export function randomRobotToken(): string {
  return randomText(64, capitals + digits)
}

/** sha256 in hex: how tokens that are shown once are kept. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Compares secrets in constant time, whatever their lengths. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

const ivBytes = 12
const tagBytes = 16

/** A key of 32 bytes for one purpose, from SECRET_KEY (HKDF-SHA256). */
export function deriveKey(secretKey: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secretKey, 'portolan', purpose, 32))
}

/** A key object: with the bytes themselves each use makes one, which costs five times as much as the rest. */
const sealingKey = (secretKey: string) => createSecretKey(deriveKey(secretKey, 'sealed secrets v1'))

/** Seals what the database keeps and the API shows again. */
export interface Sealer {
  seal(plain: string): Buffer
  /** Throws when the bytes were changed or SECRET_KEY is another one. */
  unseal(sealed: Buffer): string
}

/** A sealer under SECRET_KEY. */
export function openSealer(secretKey: string): Sealer {
  // Derived once: a list of robots unseals thousands of tokens.
  const key = sealingKey(secretKey)
  return { seal: (plain) => encrypt(key, plain), unseal: (sealed) => decrypt(key, sealed) }
}

/** Encrypts a secret under SECRET_KEY: AES-256-GCM, as nonce, tag and ciphertext in one. */
export function seal(secretKey: string, plain: string): Buffer {
  return encrypt(sealingKey(secretKey), plain)
}

/** Reverse of `seal`. Throws when the bytes were changed or SECRET_KEY is another one. */
export function unseal(secretKey: string, sealed: Buffer): string {
  return decrypt(sealingKey(secretKey), sealed)
}

function encrypt(key: KeyObject, plain: string): Buffer {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), body])
}

function decrypt(key: KeyObject, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes))
  decipher.setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes))
  return (
    decipher.update(sealed.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
  )
}

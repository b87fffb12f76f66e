import { hashToken, randomToken } from './secrets.ts'

/** An app token is 120 characters: the first 60 find it, the rest proves it (Quay's form). */
export const appTokenNameLength = 60
const secretLength = 60

/** Makes an app token: the text, what finds it, and the hash of what proves it. */
export function makeAppToken(): { token: string; namePart: string; secretHash: string } {
  const namePart = randomToken(appTokenNameLength)
  const secret = randomToken(secretLength)
  return { token: namePart + secret, namePart, secretHash: hashToken(secret) }
}

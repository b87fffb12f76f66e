import { hashToken, randomToken } from './secrets.ts'

/** An OAuth token is 40 characters: the first 20 find it, the rest proves it (Quay's form). */
export const oauthTokenNameLength = 20
const secretLength = 20

/** Makes an OAuth token: the text to show once, and what is kept of it. */
export function makeOAuthToken(): { token: string; namePart: string; secretHash: string } {
  const namePart = randomToken(oauthTokenNameLength)
  const secret = randomToken(secretLength)
  return { token: namePart + secret, namePart, secretHash: hashToken(secret) }
}

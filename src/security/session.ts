import { sameSecret } from '#credentials/secrets.ts'
import { RegistryError } from '#domain/errors.ts'
import { findUserById } from '#store/user.ts'
import { userPrincipal } from '#domain/principal.ts'
import type { Scheme } from './scheme.ts'

/**
 * The session cookie. A request with an `Authorization` header is judged by that alone. A session whose
 * epoch is over (signed out elsewhere, password changed) or whose user is disabled counts as nobody's.
 */
export const session: Scheme = async ({ authorization, session: login }, { db, config }) => {
  if (authorization !== undefined || !login) return undefined
  const user = await findUserById(db, login.userId)
  if (!user?.enabled || user.session_epoch !== login.epoch) return undefined
  return userPrincipal(user, { kind: 'session', signedInAt: login.signedInAt }, config)
}

/** The token that proves that a page of ours made the call. */
export const csrf: Scheme = async ({ csrfHeader, csrfToken }) => {
  demandCsrf(csrfHeader, csrfToken)
  return true
}

/** Throws `invalid_csrf_token` unless the token that was sent is the session's. */
export function demandCsrf(sent: string | undefined, expected: string | undefined): void {
  if (sent && expected && sameSecret(sent, expected)) return
  throw new RegistryError(
    'invalid_csrf_token',
    'CSRF token was invalid or missing. Get one from /csrf_token and send it in X-CSRF-Token.',
  )
}

import { deriveKey, hashToken } from '#credentials/secrets.ts'
import { deleteSession, findSession, saveSession } from '#store/session.ts'
import type { SecurityDeps } from './scheme.ts'

/** What a browser session holds. */
export interface SessionContent {
  csrfToken?: string
  userId?: number
  epoch?: string
  /** ISO 8601. */
  signedInAt?: string
}

/** Where sessions are kept; the form that koa-session asks for. */
export interface SessionStore {
  get(id: string): Promise<object | undefined>
  set(id: string, content: SessionContent): Promise<void>
  destroy(id: string): Promise<void>
}

/** What the cookie of a session that nobody has signed in to begins with; no id does. */
const nobody = 'nobody.'

/**
 * What the cookie of a session holds: its id, or, as long as nobody has signed in, its CSRF token, which is all that
 * there is to it. So callers who never sign in leave no rows behind. The cookie is signed: only we make one.
 */
export function cookieValueOf(id: string, { userId, csrfToken }: SessionContent): string {
  return userId === undefined && csrfToken !== undefined ? `${nobody}${csrfToken}` : id
}

/** Keeps sessions in the database, under the hash of the id in the cookie: the table gives nobody a session. */
export function openSessionStore({ db, clock, config }: SecurityDeps): SessionStore {
  return {
    async get(id) {
      if (id.startsWith(nobody)) return { csrfToken: id.slice(nobody.length) }
      return (await findSession(db, hashToken(id), clock.now()))?.content as object | undefined
    },
    async set(id, content) {
      const { userId } = content
      if (userId === undefined) return
      const expiresAt = new Date(clock.now().getTime() + config.SESSION_TIMEOUT * 1000)
      await saveSession(db, { idHash: hashToken(id), content, userId, expiresAt })
    },
    async destroy(id) {
      if (!id.startsWith(nobody)) await deleteSession(db, hashToken(id))
    },
  }
}

/** Key that signs session cookies. */
export function sessionCookieKey(secretKey: string): string {
  return deriveKey(secretKey, 'session cookie').toString('base64url')
}

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

/** Somebody who only fetched a CSRF token is forgotten after a day. */
const anonymousSeconds = 86_400

/** Keeps sessions in the database, under the hash of the id in the cookie: the table gives nobody a session. */
export function openSessionStore({ db, clock, config }: SecurityDeps): SessionStore {
  return {
    async get(id) {
      return (await findSession(db, hashToken(id), clock.now()))?.content as object | undefined
    },
    async set(id, content) {
      const seconds = content.userId === undefined ? anonymousSeconds : config.SESSION_TIMEOUT
      await saveSession(db, {
        idHash: hashToken(id),
        content,
        userId: content.userId ?? null,
        expiresAt: new Date(clock.now().getTime() + seconds * 1000),
      })
    },
    destroy: (id) => deleteSession(db, hashToken(id)),
  }
}

/** Key that signs session cookies. */
export function sessionCookieKey(secretKey: string): string {
  return deriveKey(secretKey, 'session cookie').toString('base64url')
}

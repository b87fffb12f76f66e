import { randomBytes } from 'node:crypto'
import type Koa from 'koa'
import koaSession from 'koa-session'

import type { Deps } from '#deps.ts'
import type { SessionHandle } from '#operation.ts'
import type { CredentialSource, SecurityDeps } from '#security/scheme.ts'
import {
  cookieValueOf,
  openSessionStore,
  sessionCookieKey,
  type SessionContent,
} from '#security/session-store.ts'

/**
 * Sessions: a signed random id in the cookie, the content in the database under the id's hash; until somebody signs
 * in, the content in the cookie. The row of a session that signs in is replaced by one with another id.
 */
export function sessionMiddleware(app: Koa, deps: SecurityDeps, secretKey: string): Koa.Middleware {
  const { config } = deps
  app.keys = [sessionCookieKey(secretKey)]
  const lifeMs = config.SESSION_TIMEOUT * 1000
  return koaSession(
    {
      key: config.SESSION_COOKIE_NAME,
      maxAge: lifeMs,
      httpOnly: true,
      sameSite: 'lax',
      secure: config.PREFERRED_URL_SCHEME === 'https',
      signed: true,
      renew: true,
      genid: () => randomBytes(24).toString('base64url'),
      store: openSessionStore(deps),
      externalKey: {
        get: ({ cookies, sessionOptions }: SessionContext) =>
          cookies.get(sessionOptions.key, sessionOptions) ?? '',
        set: ({ cookies, session, sessionOptions }: SessionContext, id: string) => {
          const { key, maxAge } = sessionOptions
          // The browser forgets a cookie without an age when it is closed.
          const age = { maxAge: config.FEATURE_PERMANENT_SESSIONS ? maxAge : undefined }
          cookies.set(key, cookieValueOf(id, session ?? {}), { ...sessionOptions, ...age })
        },
      },
    } as never,
    app as never,
  ) as unknown as Koa.Middleware
}

/** What koa-session adds to the context. */
interface SessionContext {
  cookies: Koa.Context['cookies']
  session: SessionContent | null
  sessionOptions: { key: string; maxAge?: number; signed: true }
}

/** The session of a request, as schemes read it. */
export function readSession(
  content: SessionContent | null | undefined,
): Pick<CredentialSource, 'session' | 'csrfToken'> {
  const { csrfToken, userId, epoch, signedInAt } = content ?? {}
  const isSignedIn = userId !== undefined && epoch !== undefined && signedInAt !== undefined
  return {
    csrfToken,
    session: isSignedIn ? { userId, epoch, signedInAt: new Date(signedInAt) } : undefined,
  }
}

/** The session of a request, as handlers change it. koa-session saves it after the handler has answered. */
export function sessionHandle(context: Koa.Context, { clock }: Deps): SessionHandle {
  const held = context as unknown as {
    session: (SessionContent & { regenerate(): Promise<void> }) | null
  }
  const newToken = () => randomBytes(48).toString('base64url')
  return {
    csrfToken() {
      const content = held.session!
      return (content.csrfToken ??= newToken())
    },
    async signIn({ id, sessionEpoch }) {
      const csrfToken = newToken()
      Object.assign(held.session!, {
        csrfToken,
        userId: id,
        epoch: sessionEpoch,
        signedInAt: clock.now().toISOString(),
      } satisfies SessionContent)
      await held.session!.regenerate()
      return csrfToken
    },
    async signOut() {
      const { csrfToken } = held.session!
      held.session = csrfToken === undefined ? null : ({ csrfToken } as typeof held.session)
      await held.session?.regenerate()
    },
  }
}

import { withSession, type TestSession } from '#test/support/account.ts'
import { type Call } from '#test/support/client.ts'
import { cookieOf, passwordOf, startServer, type TestServer } from '#test/support/server.ts'

/** Path of the caller's own account. */
export const me = '/api/v1/user/'

/** A server with the user `ada`. */
export async function startWithUser(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  await server.user('ada')
  return server
}

/** A session in which nobody has signed in. */
export async function newSession(call: Call): Promise<TestSession> {
  const { headers, json } = await call('GET', '/csrf_token')
  return { cookie: cookieOf(headers), csrfToken: json.csrf_token }
}

/** Tries to sign in, in a session of its own. */
export async function attempt(
  server: TestServer,
  username: string,
  password = passwordOf(username),
) {
  const call = withSession(server, await newSession(server.call))
  return call('POST', '/api/v1/signin', { body: { username, password } })
}

/** The `Set-Cookie` header of the session, without its signature. */
export function sessionCookie(headers: Headers): string {
  return headers.getSetCookie().find((cookie) => cookie.startsWith('portolan_session='))!
}

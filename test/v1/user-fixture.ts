import { expect } from 'vitest'

import { withSession } from '#test/support/account.ts'
import { type Answer, type Call } from '#test/support/client.ts'
import { cookieOf, startServer, type TestServer } from '#test/support/server.ts'

/** Path of the caller's own account. */
export const me = '/api/v1/user/'

/** A server with the user `ada`, and calls in her session. */
export async function startWithUser(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call } = await server.user('ada')
  return { server, call }
}

/** Signs up, in a new session. */
export async function signUp(server: TestServer, body: object): Promise<Answer> {
  const { headers, json } = await server.call('GET', '/csrf_token')
  return server.call('POST', me, {
    headers: { cookie: cookieOf(headers), 'x-csrf-token': json.csrf_token },
    body,
  })
}

/** Calls in the session that an answer has begun. */
export function follow(server: TestServer, { headers }: Answer): Call {
  return withSession(server, {
    cookie: cookieOf(headers),
    csrfToken: headers.get('x-next-csrf-token')!,
  })
}

/** A new account as its owner sees it. */
export const own = (username: string) => ({
  anonymous: false,
  username,
  avatar: {
    name: username,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    color: expect.stringMatching(/^#/),
    kind: 'user',
  },
  can_create_repo: true,
  is_me: true,
  verified: true,
  email: `${username}@example.com`,
  logins: [],
  invoice_email: false,
  invoice_email_address: null,
  preferred_namespace: false,
  tag_expiration_s: 1_209_600,
  prompts: [],
  company: null,
  family_name: null,
  given_name: null,
  location: null,
  is_free_account: true,
  has_password_set: true,
  organizations: [],
})

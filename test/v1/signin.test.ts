import { describe, expect, test } from 'vitest'

import {
  listAudit,
  mintToken,
  setEnabled,
  withSession,
  type TestSession,
} from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { cookieOf, passwordOf, signIn, startServer, type TestServer } from '#test/support/server.ts'

const me = '/api/v1/user/'

async function startWithUser(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  await server.user('ada')
  return server
}

/** A session in which nobody has signed in. */
async function newSession(call: Call): Promise<TestSession> {
  const { headers, json } = await call('GET', '/csrf_token')
  return { cookie: cookieOf(headers), csrfToken: json.csrf_token }
}

/** Tries to sign in, in a session of its own. */
async function attempt(server: TestServer, username: string, password = passwordOf(username)) {
  const call = withSession(server, await newSession(server.call))
  return call('POST', '/api/v1/signin', { body: { username, password } })
}

/** The `Set-Cookie` header of the session, without its signature. */
function sessionCookie(headers: Headers): string {
  return headers.getSetCookie().find((cookie) => cookie.startsWith('portolan_session='))!
}

describe('signinUser', () => {
  test('signs in with user name and password', async () => {
    const server = await startWithUser()
    const answer = await attempt(server, 'ada')
    expect([answer.status, answer.json]).toEqual([200, { success: true }])
    const session = {
      cookie: cookieOf(answer.headers),
      csrfToken: answer.headers.get('x-next-csrf-token')!,
    }
    expect((await withSession(server, session)('GET', me)).json.username).toBe('ada')
  })

  test('takes the e-mail address for the user name', async () => {
    const server = await startWithUser()
    expect((await attempt(server, 'ada@example.com', passwordOf('ada'))).status).toBe(200)
  })

  test('renews the id of the session and the CSRF token: the earlier ones are void', async () => {
    const server = await startWithUser()
    const before = await newSession(server.call)
    const answer = await withSession(server, before)('POST', '/api/v1/signin', {
      body: { username: 'ada', password: passwordOf('ada') },
    })
    const after = {
      cookie: cookieOf(answer.headers),
      csrfToken: answer.headers.get('x-next-csrf-token')!,
    }
    expect(after.cookie).not.toBe(before.cookie)
    expect(after.csrfToken).not.toBe(before.csrfToken)
    expect((await server.call('GET', me, { headers: { cookie: before.cookie } })).status).toBe(401)
    const mixed = withSession(server, { ...after, csrfToken: before.csrfToken })
    expect(await outcome(mixed('POST', '/api/v1/signout'))).toEqual([403, 'invalid_csrf_token'])
    expect((await withSession(server, after)('POST', '/api/v1/signout')).status).toBe(200)
  })

  test('says the same of a wrong password and of an unknown name', async () => {
    const server = await startWithUser()
    const wrong = await attempt(server, 'ada', 'wrong-password')
    expect(wrong.status).toBe(403)
    expect(wrong.json).toMatchObject({
      needsEmailVerification: false,
      invalidCredentials: true,
      message: 'Invalid username or password.',
    })
    expect((await attempt(server, 'nobody', 'wrong-password')).json).toEqual(wrong.json)
  })

  test('refuses a disabled account, and says so to those who know its password', async () => {
    const server = await startWithUser()
    await setEnabled(server, 'ada', false)
    const answer = await attempt(server, 'ada')
    expect(answer.status).toBe(403)
    expect(answer.json).toMatchObject({ needsEmailVerification: true, invalidCredentials: false })
  })

  test('refuses without a CSRF token', async () => {
    const server = await startWithUser()
    const body = { username: 'ada', password: passwordOf('ada') }
    expect(await outcome(server.call('POST', '/api/v1/signin', { body }))).toEqual([
      403,
      'invalid_csrf_token',
    ])
  })

  test('refuses a body without user name or password', async () => {
    const server = await startWithUser()
    const call = withSession(server, await newSession(server.call))
    for (const body of [{}, { username: 'ada' }, { username: 'ada', password: 7 }])
      expect(await outcome(call('POST', '/api/v1/signin', { body }))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('is not there without FEATURE_DIRECT_LOGIN', async () => {
    const server = await startWithUser({ FEATURE_DIRECT_LOGIN: 'false' })
    expect(await outcome(attempt(server, 'ada'))).toEqual([404, 'not_found'])
  })

  test('lets twenty sign in at once, each into a session of its own', async () => {
    const server = await startWithUser()
    const answers = await Promise.all(Array.from({ length: 20 }, () => attempt(server, 'ada')))
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200))
    const cookies = answers.map(({ headers }) => cookieOf(headers))
    expect(new Set(cookies).size).toBe(20)
    const seen = await Promise.all(
      cookies.map((cookie) => server.call('GET', me, { headers: { cookie } })),
    )
    expect(seen.map(({ status }) => status)).toEqual(Array<number>(20).fill(200))
  })

  test('is written to the audit log, and a failure where the registry is told to', async () => {
    const server = await startWithUser({ ACTION_LOG_AUDIT_LOGIN_FAILURES: 'true' })
    await attempt(server, 'ada')
    await attempt(server, 'ada', 'wrong-password')
    const entries = await listAudit(server, 'ada')
    expect(entries.slice(1)).toMatchObject([
      { kind: 'login_success', metadata: { type: 'quayauth', useragent: 'node' } },
      {
        kind: 'login_failure',
        metadata: {
          type: 'quayauth',
          kind: 'user',
          useragent: 'node',
          username: 'ada',
          message: 'Invalid username or password.',
        },
      },
    ])
  })

  test('leaves the audit log alone where the registry is told to', async () => {
    const server = await startWithUser({ ACTION_LOG_AUDIT_LOGINS: 'false' })
    await attempt(server, 'ada')
    await attempt(server, 'ada', 'wrong-password')
    expect(await listAudit(server, 'ada')).toMatchObject([{ kind: 'user_create' }])
  })
})

describe('the lock-out', () => {
  test('makes the account wait after wrong passwords, even for the right one', async () => {
    const server = await startWithUser()
    for (let failures = 1; failures <= 4; failures++) {
      expect((await attempt(server, 'ada', 'wrong-password')).status).toBe(403)
      const waiting = await attempt(server, 'ada')
      expect(await outcome(waiting)).toEqual([429, 'too_many_attempts'])
      const seconds = Number(waiting.headers.get('retry-after'))
      expect(seconds).toBe(Math.ceil(0.5 * (2 ** failures - 1)))
      server.clock.advance(seconds)
    }
    expect((await attempt(server, 'ada')).status).toBe(200)
  })

  test('begins anew after a success', async () => {
    const server = await startWithUser()
    await attempt(server, 'ada', 'wrong-password')
    server.clock.advance(1)
    await attempt(server, 'ada', 'wrong-password')
    server.clock.advance(2)
    await attempt(server, 'ada')
    await attempt(server, 'ada', 'wrong-password')
    expect((await attempt(server, 'ada')).headers.get('retry-after')).toBe('1')
  })

  test('holds for the account, whichever of its names is tried, and for no other', async () => {
    const server = await startWithUser()
    await server.user('bob')
    await attempt(server, 'ada', 'wrong-password')
    expect((await attempt(server, 'ada@example.com', passwordOf('ada'))).status).toBe(429)
    expect((await attempt(server, 'bob')).status).toBe(200)
  })

  test('leaves those who are signed in alone', async () => {
    const server = await startWithUser()
    await server.as('ada')('GET', me)
    await attempt(server, 'ada', 'wrong-password')
    expect((await server.as('ada')('GET', me)).status).toBe(200)
  })
})

describe('the session cookie', () => {
  test('is out of reach of scripts and of other sites, and lives for SESSION_TIMEOUT', async () => {
    const server = await startWithUser()
    const { headers } = await attempt(server, 'ada')
    const cookie = sessionCookie(headers)
    expect(cookie).toMatch(/; *httponly/i)
    expect(cookie).toMatch(/; *samesite=lax/i)
    expect(cookie).toMatch(/; *path=\/(;|$)/i)
    expect(cookie).not.toMatch(/; *secure/i)
    const expires = Date.parse(/expires=([^;]+)/i.exec(cookie)![1]!)
    expect((expires - Date.now()) / 86_400_000).toBeCloseTo(31, 1)
    expect(headers.getSetCookie()).toHaveLength(2)
  })

  test('is Secure when the registry is reached by https', async () => {
    const server = await startWithUser({ PREFERRED_URL_SCHEME: 'https' })
    for (const cookie of (await attempt(server, 'ada')).headers.getSetCookie())
      expect(cookie).toMatch(/; *secure/i)
  })

  test('ends with the browser without FEATURE_PERMANENT_SESSIONS', async () => {
    const server = await startWithUser({ FEATURE_PERMANENT_SESSIONS: 'false' })
    const { headers } = await attempt(server, 'ada')
    expect(sessionCookie(headers)).not.toMatch(/expires|max-age/i)
    expect((await server.call('GET', me, { headers: { cookie: cookieOf(headers) } })).status).toBe(
      200,
    )
  })

  test('has the name that the configuration gives it', async () => {
    const server = await startWithUser({ SESSION_COOKIE_NAME: 'harbour' })
    expect((await signIn(server.call, 'ada')).cookie).toMatch(/^harbour=/)
  })

  test('is nobody when it was tampered with or made up', async () => {
    const server = await startWithUser()
    const { cookie } = await signIn(server.call, 'ada')
    const [value, signature] = cookie.split('; ') as [string, string]
    for (const bad of [
      value,
      `${value}; ${signature}x`,
      `${value}x; ${signature}`,
      `portolan_session=${'a'.repeat(32)}; ${signature}`,
      'portolan_session=; portolan_session.sig=',
    ])
      expect(await outcome(server.call('GET', me, { headers: { cookie: bad } }))).toEqual([
        401,
        'invalid_token',
      ])
  })

  test('is nobody when its session has run out', async () => {
    const server = await startWithUser({ SESSION_TIMEOUT: '1h' })
    const call = withSession(server, await signIn(server.call, 'ada'))
    server.clock.advance(3590)
    expect((await call('GET', me)).status).toBe(200)
    server.clock.advance(20)
    expect((await call('GET', me)).status).toBe(401)
  })

  test('is nobody while its user is disabled', async () => {
    const server = await startWithUser()
    const call = withSession(server, await signIn(server.call, 'ada'))
    await setEnabled(server, 'ada', false)
    expect((await call('GET', me)).status).toBe(401)
    await setEnabled(server, 'ada', true)
    expect((await call('GET', me)).status).toBe(200)
  })

  test('is not set on those who need no session', async () => {
    const server = await startWithUser()
    const answers = [
      await server.call('GET', '/api/v1/registry/capabilities'),
      await server.call('GET', me),
      await server.call('GET', '/api/v1/repository?public=true'),
    ]
    for (const { headers } of answers) expect(headers.getSetCookie()).toEqual([])
  })

  test('tells nothing that the database holds: the id is kept as its hash', async () => {
    const server = await startWithUser()
    const { cookie } = await signIn(server.call, 'ada')
    const id = /^portolan_session=([^;]+)/.exec(cookie)![1]!
    const rows = await server.deps.db.selectFrom('session').selectAll().execute()
    expect(rows).not.toHaveLength(0)
    expect(JSON.stringify(rows)).not.toContain(id)
  })
})

describe('logout', () => {
  test('ends every session of the user, and no session of others', async () => {
    const server = await startWithUser()
    await server.user('bob')
    const first = withSession(server, await signIn(server.call, 'ada'))
    const second = withSession(server, await signIn(server.call, 'ada'))
    const answer = await first('POST', '/api/v1/signout')
    expect([answer.status, answer.json]).toEqual([200, { success: true }])
    expect((await first('GET', me)).status).toBe(401)
    expect((await second('GET', me)).status).toBe(401)
    expect((await server.as('bob')('GET', me)).status).toBe(200)
  })

  test('takes the cookie away, and is written to the audit log', async () => {
    const server = await startWithUser()
    const call = withSession(server, await signIn(server.call, 'ada'))
    const { headers } = await call('POST', '/api/v1/signout')
    expect(sessionCookie(headers)).toMatch(/^portolan_session=; .*expires=Thu, 01 Jan 1970/i)
    expect(await listAudit(server, 'ada', 'logout_success')).toMatchObject([
      { metadata: {}, performer: 'ada' },
    ])
  })

  test('leaves OAuth tokens alone', async () => {
    const server = await startWithUser()
    const token = await mintToken(server, 'ada', ['user:read'])
    await server.as('ada')('POST', '/api/v1/signout')
    expect((await server.withToken(token)('GET', me)).status).toBe(200)
  })

  test('does nothing for nobody', async () => {
    const server = await startWithUser()
    const call = withSession(server, await newSession(server.call))
    const answer = await call('POST', '/api/v1/signout')
    expect([answer.status, answer.json]).toEqual([200, { success: true }])
  })

  test('wants the CSRF token, and somebody where nobody is served', async () => {
    const server = await startWithUser({ FEATURE_ANONYMOUS_ACCESS: 'false' })
    const { cookie } = await signIn(server.call, 'ada')
    expect(await outcome(server.call('POST', '/api/v1/signout', { headers: { cookie } }))).toEqual([
      403,
      'invalid_csrf_token',
    ])
    const call = withSession(server, await newSession(server.call))
    expect(await outcome(call('POST', '/api/v1/signout'))).toEqual([401, 'invalid_token'])
  })
})

describe('verifyUser', () => {
  const verify = (call: Call, password: string) =>
    call('POST', '/api/v1/signin/verify', { body: { password } })

  test('makes an old sign-in fresh again, with a new session and CSRF token', async () => {
    const server = await startWithUser({ FRESH_LOGIN_TIMEOUT: '10m' })
    const session = await signIn(server.call, 'ada')
    const old = withSession(server, session)
    server.clock.advance(601)
    const change = (call: Call) => call('PUT', me, { body: { invoice_email: true } })
    expect(await outcome(change(old))).toEqual([401, 'fresh_login_required'])
    const answer = await verify(old, passwordOf('ada'))
    expect([answer.status, answer.json]).toEqual([200, { success: true }])
    const fresh = withSession(server, {
      cookie: cookieOf(answer.headers),
      csrfToken: answer.headers.get('x-next-csrf-token')!,
    })
    expect((await change(fresh)).status).toBe(200)
    expect(cookieOf(answer.headers)).not.toBe(session.cookie)
    expect((await old('GET', me)).status).toBe(401)
  })

  test('refuses a wrong password, and counts it', async () => {
    const server = await startWithUser()
    const call = server.as('ada')
    const wrong = await verify(call, 'wrong-password')
    expect([wrong.status, wrong.json.invalidCredentials]).toEqual([403, true])
    const waiting = await verify(call, passwordOf('ada'))
    expect(await outcome(waiting)).toEqual([429, 'too_many_attempts'])
    expect(waiting.headers.get('retry-after')).toBe('1')
  })

  test('wants somebody with the right to their own account', async () => {
    const server = await startWithUser()
    expect(await outcome(verify(server.call, 'x'))).toEqual([401, 'invalid_token'])
    const reader = server.withToken(await mintToken(server, 'ada', ['user:read']))
    expect(await outcome(verify(reader, passwordOf('ada')))).toEqual([403, 'insufficient_scope'])
    expect(await outcome(server.as('ada')('POST', '/api/v1/signin/verify', { body: {} }))).toEqual([
      400,
      'invalid_request',
    ])
  })
})

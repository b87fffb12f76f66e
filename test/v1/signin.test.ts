import { describe, expect, test } from 'vitest'

import { listAudit, mintToken, setEnabled, withSession } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { cookieOf, passwordOf, signIn, type TestServer } from '#test/support/server.ts'
import { attempt, me, newSession, startWithUser } from './signin-fixture.ts'

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

  test('takes an OAuth token in place of the CSRF token', async () => {
    const server = await startWithUser()
    await server.user('bob')
    const caller = server.withToken(await mintToken(server, 'ada', ['repo:read']))
    const body = { username: 'bob', password: passwordOf('bob') }
    const { status, headers } = await caller('POST', '/api/v1/signin', { body })
    expect(status).toBe(200)
    const call = withSession(server, { cookie: cookieOf(headers), csrfToken: '' })
    expect((await call('GET', me)).json.username).toBe('bob')
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
    expect((await attempt(server, 'ada', 'wrong-password')).status).toBe(429)
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

  test('holds for the name that was tried, and for nobody else', async () => {
    const server = await startWithUser()
    await server.user('bob')
    await attempt(server, 'ada', 'wrong-password')
    expect((await attempt(server, 'ada')).status).toBe(429)
    expect((await attempt(server, 'bob')).status).toBe(200)
  })

  test('leaves those who are signed in alone', async () => {
    const server = await startWithUser()
    await server.as('ada')('GET', me)
    await attempt(server, 'ada', 'wrong-password')
    expect((await server.as('ada')('GET', me)).status).toBe(200)
  })
})

describe('retrieveExternalLoginAuthorizationUrl', () => {
  const ask = async (server: TestServer, body: object) =>
    withSession(server, await newSession(server.call))('POST', '/api/v1/externallogin/github', {
      body,
    })

  test('refuses each name of a service: none can be configured yet', async () => {
    const server = await startWithUser()
    const answer = await ask(server, { kind: 'login' })
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
    expect(answer.json.detail).toBe('no service github signs people in')
    expect(await outcome(ask(server, { kind: 'other' }))).toEqual([400, 'invalid_request'])
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

  test('is no sign-in: the audit log gets none', async () => {
    const server = await startWithUser()
    const call = withSession(server, await signIn(server.call, 'ada'))
    expect((await verify(call, passwordOf('ada'))).status).toBe(200)
    expect(await listAudit(server, 'ada', 'login_success')).toHaveLength(1)
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

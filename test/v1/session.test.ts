import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'

import { listAudit, mintToken, setEnabled, withSession } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { cookieOf, passwordOf, signIn } from '#test/support/server.ts'
import { attempt, me, newSession, sessionCookie, startWithUser } from './signin-fixture.ts'

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
    const { rows } = await sql`
      select content->'_maxAge' as age from session where user_id is not null`.execute(
      server.deps.db,
    )
    expect(rows).toEqual([{ age: server.deps.config.SESSION_TIMEOUT * 1000 }])
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

  test('of those who have not signed in leaves nothing in the database, however many there are', async () => {
    const server = await startWithUser()
    const rows = () => server.deps.db.selectFrom('session').select('user_id').execute()
    const sessions = await Promise.all(Array.from({ length: 50 }, () => newSession(server.call)))
    expect(new Set(sessions.map(({ csrfToken }) => csrfToken)).size).toBe(50)
    expect(await rows()).toEqual([])
    const body = { username: 'ada', password: passwordOf('ada') }
    const signedIn = await withSession(server, sessions[0]!)('POST', '/api/v1/signin', { body })
    expect(signedIn.status).toBe(200)
    expect(await rows()).toHaveLength(1)
  })

  test("of nobody cannot be forged with a CSRF token of somebody's choice", async () => {
    const server = await startWithUser()
    const session = await newSession(server.call)
    const [, signature] = session.cookie.split('; ') as [string, string]
    const csrfToken = 'a'.repeat(64)
    const forged = { cookie: `portolan_session=nobody.${csrfToken}; ${signature}`, csrfToken }
    const body = { username: 'ada', password: passwordOf('ada') }
    expect(await outcome(withSession(server, forged)('POST', '/api/v1/signin', { body }))).toEqual([
      403,
      'invalid_csrf_token',
    ])
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

  test('leaves a session of nobody under another id, whose CSRF token a page signs in with', async () => {
    const server = await startWithUser()
    const { cookie, csrfToken } = await signIn(server.call, 'ada')
    const { headers } = await withSession(server, { cookie, csrfToken })('POST', '/api/v1/signout')
    const after = withSession(server, { cookie: cookieOf(headers), csrfToken })
    expect(cookieOf(headers)).not.toBe(cookie)
    expect((await after('GET', me)).status).toBe(401)
    const body = { username: 'ada', password: passwordOf('ada') }
    expect((await after('POST', '/api/v1/signin', { body })).status).toBe(200)
  })

  test('is written to the audit log', async () => {
    const server = await startWithUser()
    const call = withSession(server, await signIn(server.call, 'ada'))
    await call('POST', '/api/v1/signout')
    expect(await listAudit(server, 'ada', 'logout_success')).toMatchObject([
      { metadata: {}, performer: 'ada' },
    ])
  })

  test('of a token ends no session of its owner, and needs no CSRF token beside it', async () => {
    const server = await startWithUser()
    const browser = withSession(server, await signIn(server.call, 'ada'))
    const token = server.withToken(await mintToken(server, 'ada', ['user:read']))
    expect(await outcome(token('POST', '/api/v1/signout'))).toEqual([200])
    expect((await browser('GET', me)).status).toBe(200)
    expect((await token('GET', me)).status).toBe(200)
    expect(await listAudit(server, 'ada', 'logout_success')).toEqual([])
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

import { describe, expect, test } from 'vitest'

import { mintToken, withSession } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { cookieOf, signIn, startServer } from '#test/support/server.ts'

const body = { repository: 'nginx', visibility: 'private', description: '' }

async function startWithSession() {
  const server = await startServer()
  await server.user('ada')
  return { server, session: await signIn(server.call, 'ada') }
}

describe('a call with a session cookie that changes something', () => {
  test('is refused without the CSRF token, and does nothing', async () => {
    const { server, session } = await startWithSession()
    const headers = { cookie: session.cookie }
    const answer = await server.call('POST', '/api/v1/repository', { headers, body })
    expect(await outcome(answer)).toEqual([403, 'invalid_csrf_token'])
    expect(answer.json.detail).toMatch(/^CSRF token was invalid or missing\./)
    const list = await server.as('ada')('GET', '/api/v1/repository?namespace=ada')
    expect(list.json.repositories).toEqual([])
  })

  test('is refused with the token of another session, an empty or a cut one', async () => {
    const { server, session } = await startWithSession()
    const other = await signIn(server.call, 'ada')
    for (const csrfToken of [other.csrfToken, '', session.csrfToken.slice(1)]) {
      const call = withSession(server, { ...session, csrfToken })
      expect(await outcome(call('POST', '/api/v1/repository', { body }))).toEqual([
        403,
        'invalid_csrf_token',
      ])
    }
    const right = withSession(server, session)
    expect((await right('POST', '/api/v1/repository', { body })).status).toBe(201)
  })

  test('is refused without the token whatever its method', async () => {
    const { server, session } = await startWithSession()
    const headers = { cookie: session.cookie }
    const calls: [string, string, object?][] = [
      ['PUT', '/api/v1/user/', {}],
      ['PUT', '/api/v1/repository/ada/none', { description: '' }],
      ['DELETE', '/api/v1/repository/ada/none'],
      ['POST', '/api/v1/signout'],
      ['POST', '/api/v1/signin/verify', { password: 'x' }],
    ]
    for (const [method, path, sent] of calls) {
      const answer = server.call(method, path, { headers, ...(sent ? { body: sent } : {}) })
      expect(await outcome(answer)).toEqual([403, 'invalid_csrf_token'])
    }
  })
})

test('a call that only reads needs no CSRF token', async () => {
  const { server, session } = await startWithSession()
  const headers = { cookie: session.cookie }
  expect((await server.call('GET', '/api/v1/user/', { headers })).status).toBe(200)
  expect((await server.call('HEAD', '/api/v1/user/', { headers })).status).toBe(200)
})

test('a Bearer token needs no CSRF token, even beside a cookie', async () => {
  const { server, session } = await startWithSession()
  const token = await mintToken(server, 'ada', ['repo:create'])
  const headers = { cookie: session.cookie }
  const answer = await server.withToken(token)('POST', '/api/v1/repository', { headers, body })
  expect(answer.status).toBe(201)
})

test('nobody is told to sign in rather than to bring a CSRF token', async () => {
  const { server } = await startWithSession()
  expect(await outcome(server.call('POST', '/api/v1/repository', { body }))).toEqual([
    401,
    'invalid_token',
  ])
})

test('a token of /csrf_token serves the session that it was made for, until the sign-in', async () => {
  const { server } = await startWithSession()
  const { headers, json } = await server.call('GET', '/csrf_token')
  const before = withSession(server, { cookie: cookieOf(headers), csrfToken: json.csrf_token })
  const stolen = withSession(server, { cookie: '', csrfToken: json.csrf_token })
  const signin = { body: { username: 'ada', password: 'wrong-password' } }
  expect(await outcome(stolen('POST', '/api/v1/signin', signin))).toEqual([
    403,
    'invalid_csrf_token',
  ])
  expect((await before('POST', '/api/v1/signin', signin)).json.invalidCredentials).toBe(true)
})

test('each sign-in tells the CSRF token to go on with', async () => {
  const { server, session } = await startWithSession()
  const shown = await server.call('GET', '/csrf_token', { headers: { cookie: session.cookie } })
  expect(shown.json.csrf_token).toBe(session.csrfToken)
})

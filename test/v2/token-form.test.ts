import { expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { passwordOf, startServer, type TestServer } from '#test/support/server.ts'
import { newOwner, readToken, shareServer } from '#test/support/shared.ts'

const shared = shareServer()
const formType = 'application/x-www-form-urlencoded'

/** Posts a form to the token service. */
function post(server: TestServer, form: Record<string, string> | string, contentType = formType) {
  return server.call('POST', '/v2/auth', {
    headers: { 'content-type': contentType },
    body: typeof form === 'string' ? form : String(new URLSearchParams(form)),
  })
}

const passwordForm = (name: string, more: Record<string, string> = {}) => ({
  grant_type: 'password',
  client_id: 'docker',
  username: name,
  password: passwordOf(name),
  ...more,
})

test('the password grant gives a token, and says in `scope` what it covers', async () => {
  const server = shared()
  const { name, fullName } = await newOwner(server)
  const answer = await post(
    server,
    passwordForm(name, {
      service: server.host,
      scope: `repository:${fullName}:pull,push repository:other/thing:pull`,
    }),
  )
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.json).toMatchObject({
    token: answer.json.access_token,
    scope: `repository:${fullName}:pull,push`,
    expires_in: 300,
  })
  expect(answer.json).not.toHaveProperty('refresh_token')
  const push = server.withToken(answer.json.access_token)
  expect(await outcome(push('POST', `/v2/${fullName}/blobs/uploads/`))).toEqual([202])
})

test('the password grant takes an e-mail address, and needs no scope', async () => {
  const server = shared()
  const { name } = await newOwner(server)
  const { json } = await post(server, passwordForm(name, { username: `${name}@example.com` }))
  expect([json.scope, readToken(json.access_token).claims.sub]).toEqual(['', name])
})

test('a refresh token gets new tokens without the password, for the same client only', async () => {
  const server = shared()
  const { name, fullName } = await newOwner(server)
  const first = await post(server, passwordForm(name, { access_type: 'offline' }))
  const form = {
    grant_type: 'refresh_token',
    client_id: 'docker',
    service: server.host,
    scope: `repository:${fullName}:pull`,
    refresh_token: first.json.refresh_token,
  }
  const { status, json } = await post(server, form)
  expect(status).toBe(200)
  expect(json.scope).toBe(`repository:${fullName}:pull`)
  expect(readToken(json.access_token).claims.sub).toBe(name)
  for (const change of [
    { client_id: 'another' },
    { refresh_token: `${form.refresh_token}x` },
    { refresh_token: json.access_token },
  ])
    expect(await outcome(post(server, { ...form, ...change }))).toEqual([400, 'invalid_grant'])
})

test('GET gives no refresh token: docker would keep it where podman and others look for a password', async () => {
  const server = shared()
  const { name } = await newOwner(server)
  const query = '/v2/auth?offline_token=true&client_id=docker'
  const authorization = `Basic ${Buffer.from(`${name}:${passwordOf(name)}`).toString('base64')}`
  const { status, json } = await server.call('GET', query, { headers: { authorization } })
  expect(status).toBe(200)
  expect(json).not.toHaveProperty('refresh_token')
})

test('what is wrong with a form is said in the words of OAuth 2', async () => {
  const server = shared()
  const { name } = await newOwner(server)
  const good = passwordForm(name)
  const { username: _username, ...withoutName } = good
  const { password: _password, ...withoutPassword } = good
  const cases: [form: Record<string, string>, error: string][] = [
    [{}, 'invalid_request'],
    [{ ...good, grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    [withoutName, 'invalid_request'],
    [withoutPassword, 'invalid_request'],
    [{ grant_type: 'refresh_token' }, 'invalid_request'],
    [{ ...good, service: 'quay.io' }, 'invalid_request'],
    [{ ...good, scope: 'repository:x' }, 'invalid_request'],
    [{ ...good, username: 'nobody-at-all' }, 'invalid_grant'],
    [{ ...good, password: 'not the password' }, 'invalid_grant'],
  ]
  for (const [form, error] of cases) {
    const answer = await post(server, form)
    expect([form, ...(await outcome(answer))]).toEqual([form, 400, error])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.json.error_description.length).toBeGreaterThan(10)
  }
})

test('a body that is no form, or too large a one, is refused', async () => {
  const server = shared()
  expect(await outcome(post(server, '{"grant_type":"password"}', 'application/json'))).toEqual([
    415,
    'invalid_request',
  ])
  const huge = `grant_type=password&username=${'a'.repeat(1_100_000)}`
  expect(await outcome(post(server, huge))).toEqual([413, 'invalid_request'])
  expect(await outcome(post(server, 'grant_type=password&grant_type=refresh_token'))).toEqual([
    400,
    'invalid_request',
  ])
})

test('the form shares the lock-out of wrong passwords', async () => {
  const server = await startServer()
  await server.user('forgetful')
  const form = passwordForm('forgetful', { password: 'wrong' })
  expect(await outcome(post(server, form))).toEqual([400, 'invalid_grant'])
  const refused = await post(server, passwordForm('forgetful'))
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  server.clock.advance(2)
  expect(await outcome(post(server, passwordForm('forgetful')))).toEqual([200])
})

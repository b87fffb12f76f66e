import { expect, test } from 'vitest'

import { setEnabled } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { callback, landing, makePkce, sendForm, startBoard } from './oauth-fixture.ts'

test('a code is exchanged for a token that acts as the person, within the scopes', async () => {
  const { server, code, decide, exchange } = await startBoard()
  const answer = await decide('authorizeapp', { state: 'a b&c' })
  expect(answer.status).toBe(302)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const url = landing(answer)
  expect(url.origin + url.pathname).toBe(callback)
  expect(url.searchParams.get('state')).toBe('a b&c')
  expect(url.searchParams.get('scope')).toBe('user:read')
  expect(url.searchParams.get('code')).toMatch(/^[A-Za-z0-9]{40}$/)

  const { status, json, headers } = await exchange({ code: await code() })
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('pragma')).toBe('no-cache')
  expect(json).toEqual({
    access_token: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
    token_type: 'Bearer',
    expires_in: 315_576_000,
    refresh_token: null,
  })
  const bearer = server.withToken(json.access_token)
  expect((await bearer('GET', '/api/v1/user/')).json.username).toBe('ada')
  expect(await outcome(bearer('GET', '/api/v1/user/authorizations'))).toEqual([
    403,
    'insufficient_scope',
  ])
})

test('only a code that went to the same address counts as consent', async () => {
  const { server, ada, clientId, authorize, code, exchange } = await startBoard()
  const application = `/api/v1/organization/acme/applications/${clientId}`
  const forScript = { name: 'script', scope: 'user:read user:admin' }
  expect((await ada('POST', `${application}/tokens`, { body: forScript })).status).toBe(200)
  expect((await authorize({ scope: 'user:admin' })).status).toBe(200)
  await exchange({ code: await code() })
  expect((await authorize()).status).toBe(302)

  await server.user('eve')
  await ada('PUT', '/api/v1/organization/acme/team/owners/members/eve')
  const redirect_uri = 'https://eve.example/callback'
  const moved = { name: 'board', redirect_uri, application_uri: '' }
  expect((await server.as('eve')('PUT', application, { body: moved })).status).toBe(200)
  expect((await authorize({ redirect_uri })).status).toBe(200)
})

test('the client secret may come as Basic credentials, and the fields in the query', async () => {
  const { server, clientId, clientSecret, code } = await startBoard()
  const query = new URLSearchParams({
    grant_type: 'authorization_code',
    redirect_uri: callback,
    code: await code(),
    scope: 'user:read',
  })
  const basic = (secret: string) => ({
    authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
  })
  const path = `/oauth/access_token?${query}`
  const wrong = await server.call('POST', path, { headers: basic('wrong') })
  expect([wrong.status, wrong.json.error]).toEqual([401, 'invalid_client'])
  expect(wrong.headers.get('www-authenticate')).toBe('Basic realm="oauth"')
  const twice = await sendForm(
    server.call,
    path,
    { client_secret: clientSecret },
    basic(clientSecret),
  )
  expect(await outcome(twice)).toEqual([400, 'invalid_request'])
  expect(await outcome(server.call('POST', path, { headers: basic(clientSecret) }))).toEqual([200])
})

test('a code works once, and the token that it gave ends when it is presented again', async () => {
  const { server, code, exchange } = await startBoard()
  const given = await code()
  const { access_token: token } = (await exchange({ code: given })).json
  expect(await outcome(server.withToken(token)('GET', '/api/v1/user/'))).toEqual([200])
  expect(await outcome(exchange({ code: given }))).toEqual([400, 'invalid_grant'])
  expect(await outcome(server.withToken(token)('GET', '/api/v1/user/'))).toEqual([
    401,
    'invalid_token',
  ])
})

test('of many who present a code at once, one gets a token', async () => {
  const { server, code, exchange } = await startBoard()
  const given = await code()
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => outcome(exchange({ code: given }))),
  )
  expect(answers.filter(([status]) => status === 200)).toHaveLength(1)
  const rows = await server.deps.db.selectFrom('oauth_token').selectAll().execute()
  expect(rows).toHaveLength(0)
})

test('a code lives ten minutes', async () => {
  const { server, code, exchange } = await startBoard()
  const [early, late] = [await code(), await code()]
  server.clock.advance(590)
  expect(await outcome(exchange({ code: early }))).toEqual([200])
  server.clock.advance(11)
  expect(await outcome(exchange({ code: late }))).toEqual([400, 'invalid_grant'])
})

test('a code is bound to its application, its address and its scopes', async () => {
  const { ada, code, exchange } = await startBoard()
  const body = { name: 'other', redirect_uri: callback }
  const other = (await ada('POST', '/api/v1/organization/acme/applications', { body })).json
  const elsewhere = { client_id: other.client_id, client_secret: other.client_secret }
  expect(await outcome(exchange({ code: await code(), ...elsewhere }))).toEqual([
    400,
    'invalid_grant',
  ])
  const redirect_uri = `${callback}/`
  expect(await outcome(exchange({ code: await code(), redirect_uri }))).toEqual([
    400,
    'invalid_grant',
  ])
  const scope = 'user:read repo:read'
  expect(await outcome(exchange({ code: await code(), scope }))).toEqual([400, 'invalid_scope'])
  const form = { scope: 'repo:read,user:read' }
  expect(await outcome(exchange({ code: await code(form), scope }))).toEqual([200])
})

test('with PKCE a code needs its verifier, and without it there must be none', async () => {
  const { code, exchange } = await startBoard()
  const { verifier, challenge } = makePkce()
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  const present = async (form: Record<string, string>, given: Record<string, string> = pkce) =>
    outcome(exchange({ code: await code(given), ...form }))
  expect(await present({})).toEqual([400, 'invalid_grant'])
  expect(await present({ code_verifier: makePkce().verifier })).toEqual([400, 'invalid_grant'])
  expect(await present({ code_verifier: challenge })).toEqual([400, 'invalid_grant'])
  expect(await present({ code_verifier: verifier }, {})).toEqual([400, 'invalid_grant'])
  expect(await present({ code_verifier: verifier })).toEqual([200])
})

test('a method of PKCE other than S256 is refused', async () => {
  const { authorize } = await startBoard()
  const { verifier, challenge } = makePkce()
  for (const query of [
    { code_challenge: verifier, code_challenge_method: 'plain' },
    { code_challenge: challenge },
    { code_challenge_method: 'S256' },
    { code_challenge: 'short', code_challenge_method: 'S256' },
  ]) {
    const url = landing(await authorize({ ...query, state: 's' }))
    expect(url.origin + url.pathname).toBe(callback)
    expect(url.searchParams.get('error')).toBe('invalid_request')
    expect(url.searchParams.get('state')).toBe('s')
  }
})

test('the token endpoint names what is wrong', async () => {
  const { server, code, exchange } = await startBoard()
  const given = await code()
  const refusals = [
    [{ code: given, grant_type: 'password' }, 'unsupported_grant_type'],
    [{ code: given, grant_type: '' }, 'invalid_request'],
    [{ code: given, client_secret: 'wrong' }, 'invalid_client'],
    [{ code: given, client_id: 'nobody' }, 'invalid_client'],
    [{ code: '' }, 'invalid_request'],
    [{ code: given, redirect_uri: '' }, 'invalid_request'],
    [{ code: 'unknown' }, 'invalid_grant'],
  ] as const
  for (const [form, error] of refusals) expect(await outcome(exchange(form))).toEqual([400, error])
  const empty = await server.call('POST', '/oauth/access_token')
  expect(await outcome(empty)).toEqual([400, 'invalid_request'])
  expect(empty.headers.get('cache-control')).toBe('no-store')
})

test('nobody gets a token of somebody who was disabled in between', async () => {
  const { server, code, exchange } = await startBoard()
  const given = await code()
  await setEnabled(server, 'ada', false)
  expect(await outcome(exchange({ code: given }))).toEqual([400, 'invalid_grant'])
})

test('a code ends with the password that its user had, and with the account being disabled for a while', async () => {
  const { server, ada, code, exchange } = await startBoard({ SUPER_USERS: 'root' })
  const { call: root } = await server.user('root')
  const early = await code()
  for (const enabled of [false, true]) {
    const body = { enabled }
    expect((await root('PUT', '/api/v1/superuser/users/ada', { body })).status).toBe(200)
  }
  expect(await outcome(exchange({ code: early }))).toEqual([400, 'invalid_grant'])
  const second = await startBoard()
  const late = await second.code()
  const body = { password: 'another-password' }
  expect((await second.ada('PUT', '/api/v1/user/', { body })).status).toBe(200)
  expect(await outcome(second.exchange({ code: late }))).toEqual([400, 'invalid_grant'])
  expect((await ada('GET', '/api/v1/user/')).status).toBe(401)
})

test('response_type=token gives the token in the fragment', async () => {
  const { server, decide } = await startBoard()
  const form = { response_type: 'token', state: 's' }
  const url = landing(await decide('authorizeapp', form))
  expect(url.origin + url.pathname).toBe(callback)
  expect(Object.fromEntries(url.searchParams)).toEqual({ scope: 'user:read', state: 's' })
  const fragment = Object.fromEntries(new URLSearchParams(url.hash.slice(1)))
  expect(fragment).toMatchObject({ token_type: 'Bearer', expires_in: '315576000', state: 's' })
  const bearer = server.withToken(fragment.access_token!)
  expect(await outcome(bearer('GET', '/api/v1/user/'))).toEqual([200])
})

test('who has consented to as much before gets a code at once, but never a token', async () => {
  const { authorize, code, exchange } = await startBoard()
  await exchange({ code: await code({ scope: 'repo:write user:read' }) })
  const again = await authorize({ scope: 'repo:read' })
  const given = landing(again).searchParams.get('code')
  expect(await outcome(exchange({ code: given ?? '' }))).toEqual([200])
  expect((await authorize({ scope: 'repo:admin' })).status).toBe(200)
  expect((await authorize({ scope: 'repo:read', response_type: 'token' })).status).toBe(200)
})

test('a token that opens the address gets no code without a person', async () => {
  const { server, authorize, code, exchange } = await startBoard()
  const { access_token } = (await exchange({ code: await code({ scope: 'org:admin' }) })).json
  const bearer = server.withToken(access_token)
  expect((await authorize({ scope: 'org:admin' }, bearer)).status).toBe(200)
})

test('what was refused goes back to the application', async () => {
  const { decide } = await startBoard()
  const url = landing(await decide('denyapp', { state: 's' }))
  expect(url.origin + url.pathname).toBe(callback)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    error: 'authorization_denied',
    state: 's',
  })
})

test('an application is told of scopes and response types that are not known', async () => {
  const { authorize, decide } = await startBoard()
  for (const [query, error] of [
    [{ scope: 'repo:read repo:fly' }, 'invalid_scope'],
    [{ response_type: 'id_token' }, 'unsupported_response_type'],
  ] as const) {
    expect(landing(await authorize(query)).searchParams.get('error')).toBe(error)
    expect(landing(await decide('authorizeapp', query)).searchParams.get('error')).toBe(error)
  }
})

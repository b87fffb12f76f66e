import { expect, test } from 'vitest'

import { listAudit } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { callback, landing, sendForm, startBoard } from './oauth-fixture.ts'

test('who was assigned a token makes it once, and nothing else', async () => {
  const { server, ada, authorize, clientId } = await startBoard()
  const { call: bob } = await server.user('bob')
  const query = { client_id: clientId, redirect_uri: callback, scope: 'repo:read' }
  const assign = `/oauth/authorize/assignuser?${new URLSearchParams({ ...query, username: 'bob', format: 'json' })}`
  expect(await outcome(bob('POST', assign))).toEqual([403, 'insufficient_scope'])
  expect((await ada('POST', assign)).json.message).toContain('bob')
  expect((await bob('GET', '/api/v1/user/notifications')).json.notifications).toMatchObject([
    { kind: 'assigned_authorization', metadata: { username: 'bob' } },
  ])
  const [asked] = (await bob('GET', '/api/v1/user/assignedauthorization')).json.authorizations
  expect(asked).toMatchObject({
    application: { name: 'board', clientId },
    redirectUri: callback,
    scopes: [{ scope: 'repo:read' }],
    responseType: 'token',
  })
  expect((await bob('GET', '/api/v1/user/notifications')).json.notifications).toEqual([])

  const given = { assignment_uuid: asked.uuid, response_type: 'token', scope: 'repo:read' }
  expect((await authorize(given, bob)).status).toBe(200)
  const refused = [400, 'invalid_request']
  expect(await outcome(authorize({ ...given, response_type: 'code' }, bob))).toEqual(refused)
  expect(await outcome(authorize({ ...given, scope: 'repo:admin' }, bob))).toEqual(refused)
  const consent = () => sendForm(bob, '/oauth/authorizeapp', { ...query, ...given })
  const answers = await Promise.all([consent(), consent(), consent()])
  expect(answers.filter(({ status }) => status === 302)).toHaveLength(1)
  const url = landing(answers.find(({ status }) => status === 302)!)
  const token = new URLSearchParams(url.hash.slice(1)).get('access_token')!
  expect(await outcome(server.withToken(token)('GET', '/api/v1/repository?namespace=bob'))).toEqual(
    [200],
  )
  expect(await outcome(authorize(given, bob))).toEqual([403, 'insufficient_scope'])
  expect(await listAudit(server, 'acme', 'oauth_token_assigned')).toMatchObject([
    {
      metadata: {
        assigning_user: 'ada',
        assigned_user: 'bob',
        application: 'board',
        client_id: clientId,
      },
    },
  ])
})

test('the same is asked once, ten of an application wait for a user, and the newest comes first', async () => {
  const { server, ada, clientId } = await startBoard()
  const { call: bob } = await server.user('bob')
  const redirect_uri = `${server.url}/oauth/localapp`
  const scopes = ['repo:read', 'repo:write', 'repo:admin', 'repo:create', 'user:read', 'user:admin']
  const ask = (scope: string, redirect = redirect_uri) => {
    const query = { client_id: clientId, username: 'bob', scope, redirect_uri: redirect }
    return outcome(
      ada(
        'POST',
        `/oauth/authorize/assignuser?${new URLSearchParams({ ...query, format: 'json' })}`,
      ),
    )
  }
  const all = async () =>
    (await bob('GET', '/api/v1/user/assignedauthorization')).json.authorizations
  const told = async () => (await bob('GET', '/api/v1/user/notifications')).json.notifications
  expect(await Promise.all([1, 2, 3, 4].map(() => ask('repo:read')))).toEqual([
    [200],
    [200],
    [200],
    [200],
  ])
  expect(await told()).toHaveLength(1)
  server.clock.advance(1)
  expect(await ask('repo:write')).toEqual([200])
  expect(await all()).toMatchObject([
    { scopes: [{ scope: 'repo:write' }] },
    { scopes: [{ scope: 'repo:read' }] },
  ])
  const more = [...scopes.slice(2), ...scopes].map((scope, index) =>
    ask(scope, index < 4 ? redirect_uri : callback),
  )
  const answers = await Promise.all(more)
  expect(answers.filter(([status]) => status === 200)).toHaveLength(8)
  expect(answers.filter(([status]) => status === 400)).toHaveLength(2)
  expect(await all()).toHaveLength(10)
})

test('an assignment can be declined', async () => {
  const { server, ada, clientId } = await startBoard()
  const { call: bob } = await server.user('bob')
  const query = { client_id: clientId, redirect_uri: callback, scope: 'repo:read', username: 'bob' }
  const list = '/api/v1/user/assignedauthorization'
  const page = await ada('POST', `/oauth/authorize/assignuser?${new URLSearchParams(query)}`)
  expect(page.text).toContain('bob was asked')
  const [{ uuid }] = (await bob('GET', list)).json.authorizations
  expect(await outcome(ada('DELETE', `${list}/${uuid}`))).toEqual([404, 'not_found'])
  expect(await outcome(bob('DELETE', `${list}/${uuid}`))).toEqual([204])
  expect(await outcome(bob('DELETE', `${list}/${uuid}`))).toEqual([404, 'not_found'])
})

test('the form of Quay’s web page asks somebody: state and CSRF token of its own, as multipart/form-data', async () => {
  const { server, browser, csrfToken, clientId } = await startBoard()
  const { call: bob } = await server.user('bob')
  const query = new URLSearchParams({
    username: 'bob',
    response_type: 'token',
    client_id: clientId,
    scope: 'repo:read',
    redirect_uri: `${server.url}/oauth/localapp`,
    format: 'json',
    state: 'b9d3f0c2',
  })
  const ask = async (fields: Record<string, string>, call = browser) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    const sent = new Request('http://nowhere.invalid', { method: 'POST', body: form })
    return call('POST', `/oauth/authorize/assignuser?${query}`, {
      headers: { 'content-type': sent.headers.get('content-type')! },
      body: new Uint8Array(await sent.arrayBuffer()),
    })
  }
  for (const fields of [{}, { _csrf_token: 'x' }] as Record<string, string>[])
    expect(await outcome(ask(fields))).toEqual([403, 'invalid_csrf_token'])
  expect((await ask({ _csrf_token: csrfToken })).json.message).toContain('bob')
  const assigned = '/api/v1/user/assignedauthorization'
  expect((await bob('GET', assigned)).json.authorizations).toHaveLength(1)
})

test('an assignment gives a token, also where a code is asked for', async () => {
  const { server, ada, clientId } = await startBoard()
  const { call: bob } = await server.user('bob')
  const query = { client_id: clientId, redirect_uri: callback, scope: 'repo:read', username: 'bob' }
  const path = `/oauth/authorize/assignuser?${new URLSearchParams({ ...query, response_type: 'code' })}`
  expect((await ada('POST', path)).status).toBe(200)
  const { json } = await bob('GET', '/api/v1/user/assignedauthorization')
  expect(json.authorizations).toMatchObject([{ responseType: 'token' }])
})

test('nobody who is unknown can be asked, and nothing where tokens are not assigned', async () => {
  const { ada, clientId } = await startBoard()
  const query = { client_id: clientId, redirect_uri: callback, scope: 'repo:read' }
  const ask = (more: Record<string, string>) =>
    outcome(
      ada('POST', `/oauth/authorize/assignuser?${new URLSearchParams({ ...query, ...more })}`),
    )
  expect(await ask({ username: 'nobody' })).toEqual([404, 'not_found'])
  expect(await ask({ username: 'acme' })).toEqual([404, 'not_found'])
  expect(await ask({ username: 'ada', scope: 'x' })).toEqual([400, 'invalid_request'])
  expect(await ask({ username: 'ada', redirect_uri: 'https://evil.example.com' })).toEqual([
    400,
    'invalid_request',
  ])
  const without = await startBoard({ FEATURE_ASSIGN_OAUTH_TOKEN: 'false' })
  const list = '/api/v1/user/assignedauthorization'
  expect(await outcome(without.ada('GET', list))).toEqual([404, 'not_found'])
})

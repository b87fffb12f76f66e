import { expect, test } from 'vitest'

import { listAudit, makeOrganization, mintToken } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

const applications = '/api/v1/organization/acme/applications'

/** An organization `acme` of ada, with a member bob. */
async function startAcme(settings: Record<string, string> = {}): Promise<{
  server: TestServer
  ada: Call
  bob: Call
}> {
  const server = await startServer(settings)
  const { call: ada } = await server.user('ada')
  const { call: bob } = await server.user('bob')
  await makeOrganization(server, 'acme', { admin: 'ada', member: 'bob' })
  return { server, ada, bob }
}

test('an application has a client id of 20 characters and a secret of 40, which its administrators see again', async () => {
  const { server, ada } = await startAcme()
  const body = { name: ' board ', redirect_uri: 'https://board.example.com/cb', description: 'b' }
  const { status, json } = await ada('POST', applications, { body })
  expect(status).toBe(200)
  expect(json).toMatchObject({ name: 'board', application_uri: '', avatar_email: null })
  expect(json.client_id).toMatch(/^[A-Za-z0-9]{20}$/)
  expect(json.client_secret).toMatch(/^[A-Za-z0-9]{40}$/)

  expect((await ada('GET', applications)).json).toEqual({ applications: [json] })
  expect((await ada('GET', `${applications}/${json.client_id}`)).json).toEqual(json)
  const stored = await server.deps.db.selectFrom('oauth_application').selectAll().execute()
  expect(JSON.stringify(stored)).not.toContain(json.client_secret)
})

test('an application can be changed, which replaces every field', async () => {
  const { ada } = await startAcme()
  const first = { name: 'board', description: 'b', avatar_email: 'board@example.com' }
  const made = (await ada('POST', applications, { body: first })).json
  const body = { name: 'panel', redirect_uri: 'com.example.app:/cb', application_uri: 'x' }
  const { json } = await ada('PUT', `${applications}/${made.client_id}`, { body })
  const kept = { client_id: made.client_id, client_secret: made.client_secret }
  expect(json).toEqual({ ...kept, ...body, description: '', avatar_email: null })
})

test('a name that is empty or reserved is refused, and so is an address that nobody can be sent to', async () => {
  const { ada } = await startAcme()
  const bodies = [
    { name: '  ' },
    { name: '__quay_bootstrap_app' },
    { name: 'a', redirect_uri: 'javascript:alert(1)' },
    { name: 'a', redirect_uri: 'https://ada:pw@example.com/' },
    { name: 'a', redirect_uri: 'https://example.com/#here' },
    { name: 'a', redirect_uri: 'https://example.com;script-src/' },
  ]
  for (const body of bodies)
    expect(await outcome(ada('POST', applications, { body }))).toEqual([400, 'invalid_request'])
})

test('text that is no address is kept as it was sent, and leads nowhere', async () => {
  const { ada } = await startAcme()
  const body = { name: 'board', redirect_uri: 'cb', application_uri: 'home', avatar_email: 'me' }
  const { json } = await ada('POST', applications, { body })
  expect(json).toMatchObject(body)
  const emptied = { ...body, redirect_uri: '/', avatar_email: '' }
  const changed = await ada('PUT', `${applications}/${json.client_id}`, { body: emptied })
  expect(changed.json).toMatchObject(emptied)
  const query = `client_id=${json.client_id}&response_type=code&scope=repo:read&redirect_uri=/x`
  expect(await outcome(ada('GET', `/oauth/authorize?${query}`))).toEqual([400, 'invalid_request'])
})

test('a reset gives another client secret', async () => {
  const { ada } = await startAcme()
  const made = (await ada('POST', applications, { body: { name: 'board' } })).json
  const { json } = await ada('POST', `${applications}/${made.client_id}/resetclientsecret`)
  expect(json.client_secret).toMatch(/^[A-Za-z0-9]{40}$/)
  expect(json).toEqual({ ...made, client_secret: json.client_secret })
  expect(json.client_secret).not.toBe(made.client_secret)
})

test('deleting an application ends its tokens with the next request', async () => {
  const { server, ada } = await startAcme()
  const made = (await ada('POST', applications, { body: { name: 'board' } })).json
  const url = `${applications}/${made.client_id}`
  const token = { name: 'n', scope: 'org:admin' }
  const bearer = server.withToken((await ada('POST', `${url}/tokens`, { body: token })).json.token)
  expect(await outcome(bearer('GET', url))).toEqual([200])
  expect(await outcome(ada('DELETE', url))).toEqual([204])
  expect(await outcome(bearer('GET', applications))).toEqual([401, 'invalid_token'])
  expect(await outcome(ada('DELETE', url))).toEqual([404, 'not_found'])
})

test('every change of an application writes its audit row', async () => {
  const { server, ada } = await startAcme()
  const sent = { redirect_uri: '', application_uri: '', description: '', avatar_email: null }
  const { client_id } = (await ada('POST', applications, { body: { name: ' board' } })).json
  const url = `${applications}/${client_id}`
  const body = { name: 'panel', redirect_uri: 'https://p.example.com', application_uri: 'u' }
  await ada('PUT', url, { body })
  await ada('POST', `${url}/resetclientsecret`)
  await ada('DELETE', url)
  const named = { application_name: 'panel', client_id }
  expect(await listAudit(server, 'acme')).toMatchObject([
    {
      kind: 'create_application',
      metadata: { ...sent, name: ' board', application_name: 'board', client_id },
      performer: 'ada',
    },
    { kind: 'update_application', metadata: { ...sent, ...body, ...named } },
    { kind: 'reset_application_client_secret', metadata: named },
    { kind: 'delete_application', metadata: named },
  ])
})

test('members and strangers do not see the applications, and those of others are not found', async () => {
  const { server, ada, bob } = await startAcme()
  await makeOrganization(server, 'globex', { admin: 'ada' })
  const made = (await ada('POST', applications, { body: { name: 'board' } })).json
  const url = `${applications}/${made.client_id}`
  expect(await outcome(server.call('GET', applications))).toEqual([401, 'invalid_token'])
  expect(await outcome(bob('GET', applications))).toEqual([403, 'insufficient_scope'])
  expect(await outcome(bob('DELETE', url))).toEqual([403, 'insufficient_scope'])
  const elsewhere = `/api/v1/organization/globex/applications/${made.client_id}`
  for (const [method, path] of [
    ['GET', elsewhere],
    ['DELETE', elsewhere],
    ['POST', `${elsewhere}/resetclientsecret`],
    ['GET', `${elsewhere}/tokens`],
  ] as const)
    expect(await outcome(ada(method, path))).toEqual([404, 'not_found'])
  const body = { name: 'a', redirect_uri: '', application_uri: '' }
  expect(await outcome(ada('PUT', elsewhere, { body }))).toEqual([404, 'not_found'])
})

test('a global read-only superuser sees applications without their secrets', async () => {
  const { server, ada } = await startAcme({ GLOBAL_READONLY_SUPER_USERS: '["eve"]' })
  const { call: eve } = await server.user('eve')
  const body = {
    name: 'board',
    redirect_uri: 'https://b.example.com',
    avatar_email: 'b@example.com',
  }
  await ada('POST', applications, { body })
  const [seen] = (await eve('GET', applications)).json.applications
  expect(seen).toMatchObject({ client_secret: null, redirect_uri: null, avatar_email: null })
})

test('anybody may know what an application is', async () => {
  const { server, ada, bob } = await startAcme()
  const body = { name: 'board', application_uri: 'https://b.example.com', description: 'd' }
  const { client_id } = (await ada('POST', applications, { body })).json
  const { json } = await server.call('GET', `/api/v1/app/${client_id}`)
  expect(json).toMatchObject({
    name: 'board',
    description: 'd',
    uri: 'https://b.example.com',
    avatar: { kind: 'app' },
    organization: { name: 'acme', email: '', is_admin: false, is_member: false, teams: {} },
  })
  const seen = (await bob('GET', `/api/v1/app/${client_id}`)).json.organization
  expect(seen).toMatchObject({ is_admin: false, is_member: true })
  expect(await outcome(server.call('GET', '/api/v1/app/none'))).toEqual([404, 'not_found'])
})

test('administrators and global read-only superusers also see the settings of its organization there', async () => {
  const { server, ada } = await startAcme({ GLOBAL_READONLY_SUPER_USERS: '["eve"]' })
  const { call: eve } = await server.user('eve')
  const { client_id } = (await ada('POST', applications, { body: { name: 'board' } })).json
  const email = 'office@acme.example.com'
  const { json } = await ada('PUT', '/api/v1/organization/acme', { body: { email } })
  const seen = { ...json, teams: {}, ordered_teams: [] }
  for (const call of [ada, eve])
    expect((await call('GET', `/api/v1/app/${client_id}`)).json.organization).toEqual(seen)
})

test('a token without the scope org:admin changes no application', async () => {
  const { server } = await startAcme()
  const weak = server.withToken(await mintToken(server, 'ada', ['repo:admin', 'user:admin']))
  expect(await outcome(weak('GET', applications))).toEqual([403, 'insufficient_scope'])
})

import { expect, test } from 'vitest'

import { listAudit, makeOrganization, mintToken } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

/** An application of `acme`, which ada administers; `tokens` is the path of its tokens. */
async function startBoard(settings: Record<string, string> = {}): Promise<{
  server: TestServer
  ada: Call
  clientId: string
  tokens: string
}> {
  const server = await startServer(settings)
  const { call: ada } = await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const applications = '/api/v1/organization/acme/applications'
  const { json } = await ada('POST', applications, { body: { name: 'board' } })
  const clientId = json.client_id
  return { server, ada, clientId, tokens: `${applications}/${clientId}/tokens` }
}

test('a token acts as who made it, within its scopes, and is shown once', async () => {
  const { server, ada, tokens } = await startBoard()
  const body = { name: ' nightly ', scope: 'user:read,repo:read', expiration: 60 }
  const { json } = await ada('POST', tokens, { body })
  expect(json).toMatchObject({ name: 'nightly', scope: 'user:read repo:read', created_by: 'ada' })
  expect(json.token).toMatch(/^[A-Za-z0-9]{40}$/)
  expect(json.expires_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  expect(Date.parse(json.expires_at) - Date.parse(json.created)).toBe(60_000)

  const bearer = server.withToken(json.token)
  expect((await bearer('GET', '/api/v1/user/')).json.username).toBe('ada')
  expect(await outcome(bearer('GET', tokens))).toEqual([403, 'insufficient_scope'])
  const { token: _, ...shown } = json
  const [listed] = (await ada('GET', tokens)).json.tokens
  expect(listed).toMatchObject({ ...shown, last_accessed: listed.last_accessed })

  server.clock.advance(61)
  expect(await outcome(bearer('GET', '/api/v1/user/'))).toEqual([401, 'invalid_token'])
  expect((await ada('GET', tokens)).json).toEqual({ tokens: [] })
})

test('a token lives about ten years unless somebody says less', async () => {
  const { ada, tokens } = await startBoard()
  for (const expiration of [undefined, 400_000_000]) {
    const body = { name: 'n', scope: 'repo:read', ...(expiration && { expiration }) }
    const { json } = await ada('POST', tokens, { body })
    expect(Date.parse(json.expires_at) - Date.parse(json.created)).toBe(315_576_000_000)
  }
})

test('a bad name, scope or life of a token is refused', async () => {
  const { ada, tokens } = await startBoard()
  const bodies = [
    { name: '', scope: 'repo:read' },
    { name: '  ', scope: 'repo:read' },
    { name: 'n'.repeat(256), scope: 'repo:read' },
    { name: 'n', scope: 'repo:read repo:fly' },
    { name: 'n', scope: ' , ' },
    { name: 'n', scope: '' },
    { name: 'n', scope: 'repo:read', expiration: 0 },
    { name: 'n' },
  ]
  for (const body of bodies)
    expect(await outcome(ada('POST', tokens, { body }))).toEqual([400, 'invalid_request'])
})

test('nobody gives a token more than they can use on the organization', async () => {
  const { ada, tokens } = await startBoard()
  const scope = 'repo:admin repo:create user:admin org:admin'
  expect(await outcome(ada('POST', tokens, { body: { name: 'n', scope } }))).toEqual([200])
  const body = { name: 'n', scope: 'repo:read super:user' }
  expect(await outcome(ada('POST', tokens, { body }))).toEqual([403, 'insufficient_scope'])
})

test('a superuser may give the scope super:user', async () => {
  const { ada, tokens } = await startBoard({ SUPER_USERS: '["ada"]' })
  const body = { name: 'n', scope: 'super:user' }
  expect(await outcome(ada('POST', tokens, { body }))).toEqual([200])
})

test('a token gives only scopes that it covers itself', async () => {
  const { server, tokens } = await startBoard()
  const bearer = server.withToken(await mintToken(server, 'ada', ['org:admin', 'repo:write']))
  const give = (scope: string) => outcome(bearer('POST', tokens, { body: { name: 'n', scope } }))
  expect(await give('repo:read repo:write')).toEqual([200])
  expect(await give('org:admin')).toEqual([200])
  expect(await give('repo:admin')).toEqual([403, 'insufficient_scope'])
  expect(await give('repo:create')).toEqual([403, 'insufficient_scope'])
  expect(await give('user:read')).toEqual([403, 'insufficient_scope'])
})

test('an application gets no more tokens than the configuration says, however many ask at once', async () => {
  const { ada, tokens } = await startBoard({ OAUTH_APPLICATION_MAXIMUM_TOKEN_COUNT: '3' })
  const body = { name: 'n', scope: 'repo:read' }
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => outcome(ada('POST', tokens, { body }))),
  )
  expect(answers.filter(([status]) => status === 200)).toHaveLength(3)
  expect(answers.filter(([status]) => status === 400)).toHaveLength(5)
})

test('tokens are listed 50 a page, newest first', async () => {
  const { server, ada, tokens } = await startBoard()
  await ada('POST', tokens, { body: { name: 'first', scope: 'repo:read' } })
  const { db } = server.deps
  const {
    id: _,
    uuid: __,
    ...row
  } = await db.selectFrom('oauth_token').selectAll().executeTakeFirstOrThrow()
  const copies = Array.from({ length: 54 }, (___, index) => ({
    ...row,
    name: `copy-${index}`,
    name_part: `part-${index}`,
  }))
  await db.insertInto('oauth_token').values(copies).execute()

  const first = (await ada('GET', tokens)).json
  expect(first.tokens).toHaveLength(50)
  expect(first.tokens[0].name).toBe('copy-53')
  const rest = (await ada('GET', `${tokens}?next_page=${first.next_page}`)).json
  expect(rest.tokens.map(({ name }: { name: string }) => name)).toEqual([
    'copy-3',
    'copy-2',
    'copy-1',
    'copy-0',
    'first',
  ])
  expect(rest.next_page).toBeUndefined()
})

test('a revoked token stops with the next request', async () => {
  const { server, ada, tokens } = await startBoard()
  const body = { name: 'n', scope: 'user:read' }
  const { uuid, token } = (await ada('POST', tokens, { body })).json
  const bearer = server.withToken(token)
  expect(await outcome(bearer('GET', '/api/v1/user/'))).toEqual([200])
  expect(await outcome(ada('DELETE', `${tokens}/${uuid}`))).toEqual([204])
  expect(await outcome(bearer('GET', '/api/v1/user/'))).toEqual([401, 'invalid_token'])
  expect(await outcome(ada('DELETE', `${tokens}/${uuid}`))).toEqual([404, 'not_found'])
})

test('making and revoking a token write their audit rows, without the token', async () => {
  const { server, ada, clientId, tokens } = await startBoard()
  const body = { name: 'nightly', scope: 'repo:read' }
  const { uuid, token } = (await ada('POST', tokens, { body })).json
  await ada('DELETE', `${tokens}/${uuid}`)
  const named = { oauth_token_uuid: uuid, application_name: 'board', client_id: clientId }
  const audit = (await listAudit(server, 'acme')).slice(1)
  expect(audit).toMatchObject([
    {
      kind: 'create_oauth_api_token',
      metadata: {
        ...named,
        scope: 'repo:read',
        token_display_name: 'nightly',
        auth_method: 'session',
      },
    },
    { kind: 'revoke_oauth_api_token', metadata: named },
  ])
  expect(JSON.stringify(audit)).not.toContain(token)
})

test('an application of another organization, and one that is not there, have no tokens to show', async () => {
  const { server, ada, tokens } = await startBoard()
  await makeOrganization(server, 'globex', { admin: 'ada' })
  const elsewhere = tokens.replace('acme', 'globex')
  const body = { name: 'n', scope: 'repo:read' }
  expect(await outcome(ada('GET', elsewhere))).toEqual([404, 'not_found'])
  expect(await outcome(ada('POST', elsewhere, { body }))).toEqual([404, 'not_found'])
  const uuid = '4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55'
  expect(await outcome(ada('DELETE', `${elsewhere}/${uuid}`))).toEqual([404, 'not_found'])
})

test('applications of an organization that was deleted act as nobody any more, and are not shown', async () => {
  const { ada, tokens } = await startBoard()
  const { uuid } = (await ada('POST', tokens, { body: { name: 'n', scope: 'repo:read' } })).json
  const list = '/api/v1/user/authorizations'
  expect((await ada('GET', list)).json.authorizations).toMatchObject([{ uuid }])
  expect(await outcome(ada('DELETE', '/api/v1/organization/acme'))).toEqual([204])
  expect((await ada('GET', list)).json).toEqual({ authorizations: [] })
  expect(await outcome(ada('GET', `${list}/${uuid}`))).toEqual([404, 'not_found'])
})

test('an id that is no uuid is answered like an unknown one', async () => {
  const { ada, tokens } = await startBoard()
  for (const [method, path] of [
    ['DELETE', `${tokens}/fake`],
    ['GET', '/api/v1/user/authorizations/fake'],
    ['DELETE', '/api/v1/user/authorizations/fake'],
    ['DELETE', '/api/v1/user/assignedauthorization/fake'],
  ] as const)
    expect(await outcome(ada(method, path))).toEqual([404, 'not_found'])
})

test('people see which applications act as them, and take it back', async () => {
  const { server, ada, tokens } = await startBoard()
  const { call: bob } = await server.user('bob')
  const { json } = await ada('POST', tokens, { body: { name: 'n', scope: 'user:read org:admin' } })
  const list = '/api/v1/user/authorizations'
  const [seen] = (await ada('GET', list)).json.authorizations
  expect(seen).toMatchObject({
    uuid: json.uuid,
    application: { name: 'board', organization: { name: 'acme', avatar: { kind: 'org' } } },
    scopes: [
      { scope: 'user:read', dangerous: false },
      { scope: 'org:admin', dangerous: true },
    ],
  })
  const item = `${list}/${json.uuid}`
  expect((await ada('GET', item)).json).toEqual(seen)
  expect(await outcome(bob('GET', item))).toEqual([404, 'not_found'])
  expect(await outcome(bob('DELETE', item))).toEqual([404, 'not_found'])
  expect(await outcome(ada('DELETE', item))).toEqual([204])
  const bearer = server.withToken(json.token)
  expect(await outcome(bearer('GET', '/api/v1/user/'))).toEqual([401, 'invalid_token'])
  expect(await outcome(ada('GET', item))).toEqual([404, 'not_found'])
  expect((await bob('GET', list)).json).toEqual({ authorizations: [] })
})

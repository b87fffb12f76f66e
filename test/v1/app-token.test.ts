import { expect, test } from 'vitest'

import { cleanUp } from '#services/clean-up.ts'
import { listAudit, mintToken } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { basicAuth, mintAppToken } from '#test/support/machine.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

const path = '/api/v1/user/apptoken'
const daySeconds = 86_400

const make = async (call: Call, title = 'laptop') =>
  (await call('POST', path, { body: { title } })).json.token

/** Status of a docker login with an app token. */
async function loginStatus(server: TestServer, token: string): Promise<number> {
  const headers = basicAuth('$app', token)
  return (await server.call('GET', `/v2/auth?service=${server.host}`, { headers })).status
}

async function titles(call: Call, query = ''): Promise<string[]> {
  const { json } = await call('GET', path + query)
  return json.tokens.map(({ title }: { title: string }) => title)
}

test('an app token is made, shown again, listed without its code, and revoked at once', async () => {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  const { token_code, ...token } = await make(ada)
  expect(token_code).toMatch(/^[A-Za-z0-9]{120}$/)
  expect(token).toMatchObject({ title: 'laptop', last_accessed: null, expiration: null })
  const item = `${path}/${token.uuid}`
  expect(await loginStatus(server, token_code)).toBe(200)
  expect((await ada('GET', item)).json.token).toMatchObject({ uuid: token.uuid, token_code })
  const { json } = await ada('GET', path)
  expect(json).toMatchObject({ tokens: [{ uuid: token.uuid }], only_expiring: null })
  expect(json.tokens[0]).not.toHaveProperty('token_code')

  expect((await ada('DELETE', item)).status).toBe(204)
  expect(await loginStatus(server, token_code)).toBe(401)
  for (const method of ['GET', 'DELETE'])
    expect(await outcome(ada(method, item))).toEqual([404, 'not_found'])
  const metadata = { app_specific_token_title: 'laptop', app_specific_token: token.uuid }
  const entries = await listAudit(server, 'ada')
  expect(entries.filter(({ kind }) => kind.endsWith('_app_specific_token'))).toMatchObject([
    { kind: 'create_app_specific_token', metadata, performer: 'ada' },
    { kind: 'revoke_app_specific_token', metadata, performer: 'ada' },
  ])
})

test('no copy of the code lies in the database', async () => {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  const { token_code } = await make(ada)
  const { db } = server.deps
  const row = await db.selectFrom('app_token').selectAll().executeTakeFirstOrThrow()
  expect(
    JSON.stringify({ ...row, sealed_token: row.sealed_token.toString('latin1') }),
  ).not.toContain(token_code.slice(60))
})

test("somebody else's token is not found, also by a superuser", async () => {
  const server = await startServer({ FEATURE_SUPERUSERS_FULL_ACCESS: 'true' })
  const { call: ada } = await server.user('ada')
  const { call: root } = await server.user('root', { superuser: true })
  const { uuid, token_code } = await make(ada)
  for (const item of [`${path}/${uuid}`, `${path}/none`])
    for (const method of ['GET', 'DELETE'])
      expect(await outcome(root(method, item))).toEqual([404, 'not_found'])
  expect(await titles(root)).toEqual([])
  expect(await loginStatus(server, token_code)).toBe(200)
})

test('a token ends after APP_SPECIFIC_TOKEN_EXPIRATION, and is listed as expiring in the last tenth', async () => {
  const server = await startServer({ APP_SPECIFIC_TOKEN_EXPIRATION: '10d' })
  const { call: ada } = await server.user('ada')
  const token = await mintToken(server, 'ada', ['user:admin'], { lifeSeconds: 99 * daySeconds })
  const later = server.withToken(token)
  const { token_code, created, expiration } = await make(ada)
  expect(Date.parse(expiration) - Date.parse(created)).toBe(10 * daySeconds * 1000)
  expect(await titles(later, '?expiring=true')).toEqual([])
  server.clock.advance(9 * daySeconds + 60)
  expect(await titles(later, '?expiring=true')).toEqual(['laptop'])
  expect((await later('GET', `${path}?expiring=true`)).json.only_expiring).toBe(true)
  expect(await loginStatus(server, token_code)).toBe(200)
  server.clock.advance(daySeconds)
  expect(await loginStatus(server, token_code)).toBe(401)
  expect(await titles(later, '?expiring=true')).toEqual([])
  expect(await titles(later, '?expiring=false')).toEqual(['laptop'])
})

test('a token that expired EXPIRED_APP_SPECIFIC_TOKEN_GC ago is removed, and no other', async () => {
  const server = await startServer({
    APP_SPECIFIC_TOKEN_EXPIRATION: '1d',
    EXPIRED_APP_SPECIFIC_TOKEN_GC: '2d',
  })
  const { call } = await server.user('ada')
  await mintAppToken(server, 'ada')
  await make(call, 'ends')
  const left = async () => {
    await cleanUp(server.deps)
    const rows = await server.deps.db.selectFrom('app_token').select('title').execute()
    return rows.map(({ title }) => title).toSorted()
  }
  server.clock.advance(3 * 86_400 - 60)
  expect(await left()).toEqual(['ends', 'laptop'])
  server.clock.advance(120)
  expect(await left()).toEqual(['laptop'])
})

test('a title may be empty, and has 255 characters at most', async () => {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  expect((await make(ada, '')).title).toBe('')
  expect((await make(ada, 'x'.repeat(255))).title).toHaveLength(255)
  for (const body of [{ title: 'x'.repeat(256) }, { title: 7 }, {}])
    expect(await outcome(ada('POST', path, { body }))).toEqual([400, 'invalid_request'])
})

test('making, showing and revoking want a fresh sign-in; listing does not', async () => {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  const { uuid } = await make(ada)
  server.clock.advance(Number(server.deps.config.FRESH_LOGIN_TIMEOUT) + 60)
  expect(await titles(ada)).toEqual(['laptop'])
  const stale = [401, 'fresh_login_required']
  expect(await outcome(ada('POST', path, { body: { title: 'x' } }))).toEqual(stale)
  expect(await outcome(ada('GET', `${path}/${uuid}`))).toEqual(stale)
  expect(await outcome(ada('DELETE', `${path}/${uuid}`))).toEqual(stale)
})

test('nobody, and a token without user:admin, have no app tokens', async () => {
  const server = await startServer()
  await server.user('ada')
  const reader = server.withToken(await mintToken(server, 'ada', ['repo:admin', 'user:read']))
  const calls: [string, string, object?][] = [
    ['GET', path],
    ['POST', path, { title: 'x' }],
    ['GET', `${path}/none`],
    ['DELETE', `${path}/none`],
  ]
  for (const [method, place, body] of calls) {
    const options = body && { body }
    expect(await outcome(server.call(method, place, options))).toEqual([401, 'invalid_token'])
    expect(await outcome(reader(method, place, options))).toEqual([403, 'insufficient_scope'])
  }
})

test('without FEATURE_APP_SPECIFIC_TOKENS there are none, and those made before do not log in', async () => {
  const server = await startServer({ FEATURE_APP_SPECIFIC_TOKENS: 'false' })
  const { call: ada } = await server.user('ada')
  for (const place of [path, `${path}/none`, '/api/v1/superuser/apptokens'])
    expect(await outcome(ada('GET', place))).toEqual([404, 'not_found'])
})

test('listAllAppTokens is for superusers with full access and for global read-only superusers', async () => {
  const settings = { GLOBAL_READONLY_SUPER_USERS: 'watcher' }
  const server = await startServer({ ...settings, FEATURE_SUPERUSERS_FULL_ACCESS: 'true' })
  const { call: ada } = await server.user('ada')
  const { call: root } = await server.user('root', { superuser: true })
  const { call: watcher } = await server.user('watcher')
  await make(ada)
  await make(root, 'phone')
  const all = '/api/v1/superuser/apptokens'
  for (const call of [root, watcher]) {
    const { json } = await call('GET', all)
    expect(json.tokens).toMatchObject([{ title: 'laptop' }, { title: 'phone' }])
    expect(JSON.stringify(json)).not.toContain('token_code')
  }
  expect(await outcome(ada('GET', all))).toEqual([403, 'insufficient_scope'])
  expect(await outcome(server.call('GET', all))).toEqual([401, 'invalid_token'])

  const plain = await startServer()
  const { call: limited } = await plain.user('root', { superuser: true })
  expect(await outcome(limited('GET', all))).toEqual([403, 'insufficient_scope'])
})

test('the list comes in pages of 1,000', async () => {
  const server = await startServer()
  const { id, call: ada } = await server.user('ada')
  const rows = Array.from({ length: 1_001 }, (_, index) => ({
    user_id: id,
    title: String(index),
    name_part: String(index),
    secret_hash: '',
    sealed_token: Buffer.alloc(0),
    created_at: server.clock.now(),
  }))
  await server.deps.db.insertInto('app_token').values(rows).execute()
  const { json: first } = await ada('GET', path)
  expect(first.tokens).toHaveLength(1_000)
  const { json: second } = await ada('GET', `${path}?next_page=${first.next_page}`)
  expect(second.tokens).toMatchObject([{ title: '1000' }])
  expect(second).not.toHaveProperty('next_page')
})

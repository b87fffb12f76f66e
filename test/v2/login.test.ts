import { expect, test } from 'vitest'

import type { OAuthScope } from '#domain/principal.ts'
import { grant, makeOrganization, mintToken, setEnabled } from '#test/support/account.ts'
import { logIn, makeRobot, mintAppToken } from '#test/support/machine.ts'
import { startServer } from '#test/support/server.ts'

const scope = 'repository:acme/nginx:pull,push'

test('a robot logs in with its token and does what was given to it', async () => {
  const server = await startServer()
  await server.user('acme')
  await server.repository('acme/nginx')
  const robot = await makeRobot(server, 'acme', 'ci')
  expect((await logIn(server, robot.name, robot.token, scope)).actions).toEqual([])
  await grant(server, 'acme/nginx', robot.name, 'read')
  const reader = await logIn(server, robot.name, robot.token, scope)
  expect(reader).toMatchObject({ status: 200, actions: ['pull'], subject: 'acme+ci' })
  expect((await reader.call('GET', '/v2/acme/nginx/tags/list')).status).toBe(200)
  expect((await logIn(server, robot.name, 'A'.repeat(64), scope)).status).toBe(401)
})

test('a robot stops with its owner, and its tokens with the next request', async () => {
  const server = await startServer()
  await server.user('acme')
  await server.repository('acme/nginx')
  const robot = await makeRobot(server, 'acme', 'ci')
  await grant(server, 'acme/nginx', robot.name, 'read')
  const { call } = await logIn(server, robot.name, robot.token, scope)
  await setEnabled(server, 'acme', false)
  expect((await call('GET', '/v2/acme/nginx/tags/list')).status).toBe(401)
  expect((await logIn(server, robot.name, robot.token, scope)).status).toBe(401)
})

test('a robot in an administrators team administers, in a creators team it creates', async () => {
  const server = await startServer()
  await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const robot = await makeRobot(server, 'acme', 'ci')
  const { db } = server.deps
  const namespace = await db
    .selectFrom('namespace')
    .select('id')
    .where('name', '=', 'acme')
    .executeTakeFirstOrThrow()
  const team = await db
    .insertInto('team')
    .values({ namespace_id: namespace.id, name: 'makers', role: 'creator' })
    .returning('id')
    .executeTakeFirstOrThrow()
  expect((await logIn(server, robot.name, robot.token, scope)).actions).toEqual([])
  await db.insertInto('team_member').values({ team_id: team.id, user_id: robot.id }).execute()
  expect((await logIn(server, robot.name, robot.token, scope)).actions).toEqual(['pull', 'push'])
})

test('a team gives its grants to its members', async () => {
  const server = await startServer()
  await server.user('ada')
  await server.user('bob')
  await makeOrganization(server, 'acme', { admin: 'ada', member: 'bob' })
  const owner = await server.registry('ada', scope)
  expect((await owner('POST', '/v2/acme/nginx/blobs/uploads/')).status).toBe(202)
  const { db } = server.deps
  const { id } = await db.selectFrom('repository').select('id').executeTakeFirstOrThrow()
  const team = await db
    .selectFrom('team')
    .select('id')
    .where('name', '=', 'members')
    .executeTakeFirstOrThrow()
  const asked = () => logIn(server, 'bob', 'password-of-bob', scope)
  expect((await asked()).actions).toEqual([])
  await db
    .insertInto('repository_team_grant')
    .values({ repository_id: id, team_id: team.id, role: 'write' })
    .execute()
  expect((await asked()).actions).toEqual(['pull', 'push'])
})

test('$app with an app token is its owner, until the token is revoked', async () => {
  const server = await startServer()
  await server.user('acme')
  await server.repository('acme/nginx')
  const token = await mintAppToken(server, 'acme')
  const { status, actions, call } = await logIn(server, '$app', token, scope)
  expect([status, actions]).toEqual([200, ['pull', 'push']])
  expect((await call('GET', '/v2/acme/nginx/tags/list')).status).toBe(200)
  await server.deps.db.deleteFrom('app_token').execute()
  expect((await call('GET', '/v2/acme/nginx/tags/list')).status).toBe(401)
  expect((await logIn(server, '$app', token, scope)).status).toBe(401)
})

test('$oauthtoken does what the scopes of the token leave, until it is revoked', async () => {
  const server = await startServer()
  await server.user('acme')
  await server.repository('acme/nginx')
  const token = await mintToken(server, 'acme', ['repo:read'])
  const { actions, call } = await logIn(server, '$oauthtoken', token, scope)
  expect(actions).toEqual(['pull'])
  expect((await call('GET', '/v2/acme/nginx/tags/list')).status).toBe(200)
  expect((await call('POST', '/v2/acme/nginx/blobs/uploads/')).status).toBe(401)
  await server.deps.db.deleteFrom('oauth_token').execute()
  expect((await call('GET', '/v2/acme/nginx/tags/list')).status).toBe(401)
  expect((await logIn(server, '$oauthtoken', token, scope)).status).toBe(401)
})

test('$oauthtoken without a scope for repositories sees none in the catalog, not even as superuser', async () => {
  const server = await startServer({ FEATURE_SUPERUSERS_FULL_ACCESS: 'true', SUPER_USERS: 'acme' })
  await server.user('acme')
  await server.repository('acme/nginx')
  const listed = async (...scopes: OAuthScope[]) => {
    const token = await mintToken(server, 'acme', scopes)
    const { call } = await logIn(server, '$oauthtoken', token)
    return (await call('GET', '/v2/_catalog')).json.repositories
  }
  expect(await listed('super:user', 'org:admin')).toEqual([])
  expect(await listed('repo:read')).toEqual(['acme/nginx'])
})

test('what is no credential at all is refused as what it was tried as', async () => {
  const server = await startServer()
  for (const login of ['$app', '$oauthtoken', 'acme+ci', 'nobody'])
    expect((await logIn(server, login, 'wrong', scope)).status).toBe(401)
})

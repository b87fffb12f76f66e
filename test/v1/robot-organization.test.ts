import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { grant, listAudit, makeOrganization, mintToken } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { logIn } from '#test/support/machine.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

const robots = '/api/v1/organization/acme/robots'

/** The organization acme of ada, with a member bob. */
async function startAcme(settings: Record<string, string> = {}): Promise<TestServer> {
  const server = await startServer(settings)
  for (const name of ['ada', 'bob', 'eve']) await server.user(name)
  await makeOrganization(server, 'acme', { admin: 'ada', member: 'bob' })
  return server
}

/** Puts a robot into a team of acme. */
async function joinTeam(server: TestServer, team: string, robot: string): Promise<void> {
  await sql`insert into team_member (team_id, user_id)
    select t.id, r.id from team t, namespace r where t.name = ${team} and r.name = ${robot}`.execute(
    server.deps.db,
  )
}

test('an administrator makes, shows, renews and deletes robots of an organization', async () => {
  const server = await startAcme()
  const ada = server.as('ada')
  const { status, json } = await ada('PUT', `${robots}/ci`, { body: { description: 'Deploys' } })
  expect([status, json.name, json.description]).toEqual([201, 'acme+ci', 'Deploys'])
  expect((await ada('GET', `${robots}/ci`)).json).toEqual(json)
  const { json: renewed } = await ada('POST', `${robots}/ci/regenerate`)
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(401)
  expect((await logIn(server, 'acme+ci', renewed.token)).status).toBe(200)
  expect((await ada('DELETE', `${robots}/ci`)).status).toBe(204)
  expect(await outcome(ada('GET', `${robots}/ci`))).toEqual([400, 'invalid_request'])
  const kinds = (await listAudit(server, 'acme')).map(({ kind }) => kind)
  expect(kinds).toEqual(['create_robot', 'regenerate_robot_token', 'delete_robot'])
})

test('getOrgRobots shows robots to members, and tokens, teams and repositories to administrators', async () => {
  const server = await startAcme()
  const ada = server.as('ada')
  await ada('PUT', `${robots}/ci`)
  await joinTeam(server, 'owners', 'acme+ci')
  const push = await server.registry('ada', 'repository:acme/nginx:pull,push')
  await push('POST', '/v2/acme/nginx/blobs/uploads/')
  await grant(server, 'acme/nginx', 'acme+ci', 'read')

  const { json: all } = await ada('GET', `${robots}?permissions=true`)
  expect(all.robots).toMatchObject([
    {
      name: 'acme+ci',
      token: expect.stringMatching(/^[A-Z0-9]{64}$/),
      teams: [{ name: 'owners', avatar: { kind: 'team' } }],
      repositories: ['nginx'],
    },
  ])
  const { json: few } = await ada('GET', `${robots}?token=false`)
  expect(Object.keys(few.robots[0])).toEqual(['name', 'created', 'last_accessed', 'description'])
  const { json: names } = await server.as('bob')('GET', `${robots}?permissions=true`)
  expect(names).toEqual(few)
  const { json: permissions } = await ada('GET', `${robots}/ci/permissions`)
  expect(permissions.permissions).toMatchObject([{ repository: { name: 'nginx' }, role: 'read' }])
})

test('a global read-only superuser sees robots with what they may, and no token', async () => {
  const server = await startAcme({ GLOBAL_READONLY_SUPER_USERS: 'eve' })
  await server.as('ada')('PUT', `${robots}/ci`)
  const eve = server.as('eve')
  const { json } = await eve('GET', `${robots}?permissions=true`)
  expect(json.robots).toMatchObject([{ name: 'acme+ci', teams: [], repositories: [] }])
  expect(json.robots[0]).not.toHaveProperty('token')
  const { json: one } = await eve('GET', `${robots}/ci`)
  expect(one).not.toHaveProperty('token')
  expect((await eve('GET', `${robots}/ci/permissions`)).status).toBe(200)
  expect((await eve('GET', `${robots}/ci/federation`)).json).toEqual([])
  expect(await outcome(eve('DELETE', `${robots}/ci`))).toEqual([403, 'insufficient_scope'])
})

test('a superuser with full access has the tokens too, and is told what is missing', async () => {
  const server = await startAcme({ SUPER_USERS: 'eve', FEATURE_SUPERUSERS_FULL_ACCESS: 'true' })
  await server.as('ada')('PUT', `${robots}/ci`)
  const eve = server.as('eve')
  expect((await eve('GET', robots)).json.robots[0].token).toHaveLength(64)
  const missing = '/api/v1/organization/nobody/robots'
  expect(await outcome(eve('GET', missing))).toEqual([404, 'not_found'])
  expect(await outcome(server.as('bob')('GET', missing))).toEqual([403, 'insufficient_scope'])
})

test('your own user name stands for an organization: Quay’s web page deletes and renews your robots there', async () => {
  const server = await startAcme()
  const bob = server.as('bob')
  const path = '/api/v1/organization/bob/robots'
  const { json: made } = await bob('PUT', `${path}/ci`, { body: { description: 'Deploys' } })
  expect(made).toMatchObject({ name: 'bob+ci', token: expect.any(String) })
  expect((await bob('GET', '/api/v1/user/robots/ci')).json).toEqual(made)
  expect((await bob('GET', path)).json.robots[0].token).toBe(made.token)
  const { json: renewed } = await bob('POST', `${path}/ci/regenerate`, { body: {} })
  expect((await logIn(server, 'bob+ci', made.token)).status).toBe(401)
  expect((await logIn(server, 'bob+ci', renewed.token)).status).toBe(200)
  expect((await bob('GET', `${path}/ci/permissions`)).json).toEqual({ permissions: [] })
  expect((await bob('GET', `${path}/ci/federation`)).json).toEqual([])
  expect(await outcome(bob('DELETE', `${path}/ci`))).toEqual([204])
  expect((await bob('GET', path)).json.robots).toEqual([])
  for (const call of [server.as('ada')('GET', path), server.as('ada')('PUT', `${path}/cd`)])
    expect(await outcome(call)).toEqual([403, 'insufficient_scope'])
})

test('restricted users change no robots of their own by way of their name either', async () => {
  const server = await startAcme({ FEATURE_RESTRICTED_USERS: 'true' })
  const path = '/api/v1/organization/bob/robots'
  const bob = server.as('bob')
  expect(await outcome(bob('PUT', `${path}/ci`))).toEqual([403, 'insufficient_scope'])
  expect(await outcome(bob('DELETE', `${path}/ci`))).toEqual([403, 'insufficient_scope'])
  expect((await bob('GET', path)).json).toEqual({ robots: [] })
})

test.each([
  ['GET', '/ci'],
  ['PUT', '/new'],
  ['DELETE', '/ci'],
  ['POST', '/ci/regenerate'],
  ['GET', '/ci/permissions'],
  ['GET', '/ci/federation'],
  ['DELETE', '/ci/federation'],
])('%s robots%s is for administrators alone', async (method, path) => {
  const server = await startAcme()
  await server.as('ada')('PUT', `${robots}/ci`)
  for (const name of ['bob', 'eve'])
    expect(await outcome(server.as(name)(method, robots + path))).toEqual([
      403,
      'insufficient_scope',
    ])
  expect((await server.call(method, robots + path)).status).toBe(401)
  const token = await mintToken(server, 'ada', ['user:admin', 'repo:admin'])
  const lesser = await outcome(server.withToken(token)(method, robots + path))
  expect(lesser).toEqual([403, 'insufficient_scope'])
})

test('restricted users administer the robots of their organizations', async () => {
  const server = await startAcme({ FEATURE_RESTRICTED_USERS: 'true' })
  expect((await server.as('ada')('PUT', `${robots}/ci`)).status).toBe(201)
})

test('a robot of another organization is not found', async () => {
  const server = await startAcme()
  await makeOrganization(server, 'umbrella', { admin: 'ada' })
  await server.as('ada')('PUT', '/api/v1/organization/umbrella/robots/ci')
  expect(await outcome(server.as('ada')('DELETE', `${robots}/ci`))).toEqual([
    400,
    'invalid_request',
  ])
})

test('the list stays fast with 5,000 robots', async () => {
  const server = await startAcme()
  const ada = server.as('ada')
  await ada('PUT', `${robots}/aa`)
  await sql`with owner as (select o.id, r.sealed_token, r.token_hash from namespace o
      join robot r on r.owner_id = o.id where o.name = 'acme'),
    made as (insert into namespace (name, kind, tag_expiration_seconds, created_at)
      select 'acme+r' || i, 'robot', 0, now() from generate_series(1, 5000) i returning id, name),
    account as (insert into user_account (namespace_id, is_verified) select id, true from made)
    insert into robot (account_id, owner_id, short_name, sealed_token, token_hash, created_at)
    select m.id, o.id, substr(m.name, 6), o.sealed_token, o.token_hash, now() from made m, owner o`.execute(
    server.deps.db,
  )
  const beganAt = performance.now()
  const { json } = await ada('GET', `${robots}?permissions=true`)
  expect(json.robots).toHaveLength(5001)
  expect(performance.now() - beganAt).toBeLessThan(3000)
  const names = json.robots.map(({ name }: { name: string }) => name)
  expect(names).toEqual([...names].sort())
})

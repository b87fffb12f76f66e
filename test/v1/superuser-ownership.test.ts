import { describe, expect, test } from 'vitest'

import { listAudit, makeOrganization } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { logIn } from '#test/support/machine.ts'
import { signIn, type TestServer } from '#test/support/server.ts'
import { startWithRoot } from './superuser-fixture.ts'

const path = (namespace: string) => `/api/v1/superuser/takeownership/${namespace}`

/** Teams of a namespace with their members, by name. */
async function teamsOf(server: TestServer, namespace: string) {
  const rows = await server.deps.db
    .selectFrom('team as t')
    .innerJoin('namespace as n', 'n.id', 't.namespace_id')
    .leftJoin('team_member as m', 'm.team_id', 't.id')
    .leftJoin('namespace as u', 'u.id', 'm.user_id')
    .select(['t.name', 't.role', 'u.name as member'])
    .where('n.name', '=', namespace)
    .orderBy('t.name')
    .orderBy('u.name')
    .execute()
  return rows.map(({ name, role, member }) => `${name} ${role} ${member}`)
}

async function tokenOf(server: TestServer, owner: string): Promise<string> {
  return (await server.as(owner)('GET', '/api/v1/user/robots/bot')).json.token
}

describe('takeOwnership', () => {
  test('of an organization puts the superuser into its owners', async () => {
    const { server, root, rootId } = await startWithRoot()
    await server.user('ada')
    await makeOrganization(server, 'acme', { admin: 'ada' })
    const { status, json } = await root('POST', path('acme'))
    expect([status, json]).toEqual([200, { namespace: 'acme' }])
    expect(await teamsOf(server, 'acme')).toEqual(['owners admin ada', 'owners admin root'])
    expect((await root('POST', path('acme'))).status).toBe(200)
    expect(await teamsOf(server, 'acme')).toHaveLength(2)
    const [entry] = await listAudit(server, 'root', 'take_ownership')
    expect(entry).toMatchObject({
      performer: 'root',
      metadata: {
        entity_id: expect.any(Number),
        namespace: 'acme',
        was_user: false,
        superuser: 'root',
      },
    })
    expect(entry!.metadata.entity_id).not.toBe(rootId)
  })

  test('takes another team of administrators, or makes one, when owners are none', async () => {
    const { server, root } = await startWithRoot()
    await server.user('ada')
    await makeOrganization(server, 'acme', { admin: 'ada' })
    const { db } = server.deps
    await db.updateTable('team').set({ role: 'member' }).execute()
    await root('POST', path('acme'))
    expect(await teamsOf(server, 'acme')).toEqual(['owners member ada', 'owners-2 admin root'])
    await db.deleteFrom('team_member').execute()
    await root('POST', path('acme'))
    expect(await teamsOf(server, 'acme')).toEqual(['owners member null', 'owners-2 admin root'])
  })

  test('makes one team when two superusers come at once', async () => {
    const { server, root } = await startWithRoot()
    const { call: other } = await server.user('other', { superuser: true })
    await makeOrganization(server, 'acme', { admin: 'root' })
    await server.deps.db.deleteFrom('team').execute()
    const answers = await Promise.all([root('POST', path('acme')), other('POST', path('acme'))])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(await teamsOf(server, 'acme')).toEqual(['owners admin other', 'owners admin root'])
  })

  test('of a user makes an organization of it, in which nobody can sign in', async () => {
    const { server, root } = await startWithRoot()
    const { call: ada } = await server.user('ada')
    await server.repository('ada/app')
    expect((await ada('GET', '/api/v1/user/')).status).toBe(200)
    const { status, json } = await root('POST', path('ada'))
    expect([status, json]).toEqual([200, { namespace: 'ada' }])
    expect(await outcome(ada('GET', '/api/v1/user/'))).toEqual([401, 'invalid_token'])
    await expect(signIn(server.call, 'ada')).rejects.toThrow(/could not sign in/)
    expect(await teamsOf(server, 'ada')).toEqual(['owners admin root'])
    expect((await root('GET', '/api/v1/repository/ada/app')).json).toMatchObject({
      is_organization: true,
      can_admin: true,
    })
    expect(await listAudit(server, 'root', 'take_ownership')).toMatchObject([
      { metadata: { namespace: 'ada', was_user: true } },
    ])
  })

  test('of a disabled user shuts its robots out, and not those of another', async () => {
    const { server, root } = await startWithRoot()
    const logins: Record<string, () => Promise<number>> = {}
    const robots = '/api/v1/user/robots'
    for (const name of ['mal', 'ada']) {
      const { call } = await server.user(name)
      const { token } = (await call('PUT', `${robots}/bot`, { body: {} })).json
      const entry = { issuer: 'https://issuer.example', subject: name }
      await call('POST', `${robots}/bot/federation`, { body: [entry] })
      logins[name] = async () => (await logIn(server, `${name}+bot`, token)).status
    }
    const registry = await logIn(server, 'mal+bot', await tokenOf(server, 'mal'))
    expect([await logins.mal!(), await logins.ada!()]).toEqual([200, 200])
    await root('PUT', '/api/v1/superuser/users/mal', { body: { enabled: false } })
    for (const name of ['mal', 'ada']) expect((await root('POST', path(name))).status).toBe(200)
    expect([await logins.mal!(), await logins.ada!()]).toEqual([401, 200])
    expect((await registry.call('GET', '/v2/')).status).toBe(401)
    const inMal = '/api/v1/organization/mal/robots'
    expect((await root('GET', `${inMal}/bot/federation`)).json).toEqual([])
    const { token } = (await root('GET', `${inMal}/bot`)).json
    expect((await logIn(server, 'mal+bot', token)).status).toBe(200)
  })

  test('of a user works for two superusers at once', async () => {
    const { server, root } = await startWithRoot()
    const { call: other } = await server.user('other', { superuser: true })
    await server.user('ada')
    const answers = await Promise.all([root('POST', path('ada')), other('POST', path('ada'))])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(await teamsOf(server, 'ada')).toEqual(['owners admin other', 'owners admin root'])
  })

  test('is refused for superusers, for what is not there, and to everybody else', async () => {
    const { server, root } = await startWithRoot({ SUPER_USERS: 'named' })
    const { call: ada } = await server.user('ada')
    await server.user('named')
    for (const name of ['named', 'root'])
      expect(await outcome(root('POST', path(name)))).toEqual([400, 'invalid_request'])
    expect(await outcome(root('POST', path('nothing')))).toEqual([404, 'not_found'])
    expect(await outcome(ada('POST', path('ada')))).toEqual([403, 'insufficient_scope'])
  })
})

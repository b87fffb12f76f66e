import { describe, expect, test } from 'vitest'

import { listAudit, makeOrganization } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { logIn, makeRobot } from '#test/support/machine.ts'
import { addToTeam, startWithOrganization } from './permission-fixture.ts'
import { create } from './repository-fixture.ts'

const path = '/api/v1/organization/acme/prototypes'
const user = (name: string) => ({ name, kind: 'user' })
const team = (name: string) => ({ name, kind: 'team' })

/** Adds a default permission; gives the answer. */
const add = (call: Call, delegate: object, role: string, activating_user?: { name: string }) =>
  call('POST', path, { body: { role, delegate, activating_user } })

/** Roles of users and of teams on a repository of the organization. */
async function rolesOn(call: Call, name: string): Promise<Record<string, string>> {
  const url = `/api/v1/repository/acme/${name}/permissions`
  const users = (await call('GET', `${url}/user/`)).json.permissions
  const teams = (await call('GET', `${url}/team/`)).json.permissions
  const roles = Object.entries({ ...users, ...teams } as Record<string, { role: string }>)
  return Object.fromEntries(roles.map(([who, { role }]) => [who, role]))
}

describe('the default permissions of an organization', () => {
  test('are made, listed, changed and removed, and each change is in the audit log', async () => {
    const { server, ada } = await startWithOrganization()
    await makeRobot(server, 'acme', 'ci')
    const first = await add(ada, team('members'), 'read', { name: 'bob' })
    expect(first.json).toMatchObject({
      role: 'read',
      activating_user: { name: 'bob', kind: 'user', is_robot: false, is_org_member: true },
      delegate: { name: 'members', kind: 'team', avatar: { kind: 'team' } },
    })
    expect(first.json.delegate).not.toHaveProperty('is_robot')
    const second = await add(ada, user('acme+ci'), 'write')
    expect(second.json).toMatchObject({
      activating_user: null,
      delegate: { name: 'acme+ci', kind: 'user', is_robot: true, is_org_member: true },
    })
    expect((await ada('GET', path)).json).toEqual({ prototypes: [first.json, second.json] })

    const item = `${path}/${first.json.id}`
    const changed = await ada('PUT', item, { body: { role: 'admin' } })
    expect(changed.json).toEqual({ ...first.json, role: 'admin' })
    expect((await ada('DELETE', item)).status).toBe(204)
    expect((await ada('GET', path)).json).toEqual({ prototypes: [second.json] })

    const by = { prototypeid: first.json.id, username: 'ada', activating_username: 'bob' }
    const entries = await listAudit(server, 'acme')
    expect(
      entries
        .filter(({ kind }) => kind.endsWith('_prototype_permission'))
        .map(({ kind, metadata }) => [kind.split('_')[0], metadata]),
    ).toEqual([
      ['create', { ...by, role: 'read', delegate_team: 'members' }],
      [
        'create',
        {
          prototypeid: second.json.id,
          username: 'ada',
          activating_username: null,
          role: 'write',
          delegate_user: 'acme+ci',
        },
      ],
      ['modify', { ...by, role: 'admin', delegate_team: 'members', original_role: 'read' }],
      ['delete', { ...by, role: 'admin', delegate_team: 'members' }],
    ])
  })

  test('there is one for each activating user and delegate: a second one sets its role', async () => {
    const { ada } = await startWithOrganization()
    const made = await Promise.all(
      ['read', 'write', 'read', 'write'].map((role) => add(ada, user('eve'), role)),
    )
    expect(new Set(made.map(({ json }) => json.id)).size).toBe(1)
    const other = await add(ada, user('eve'), 'admin', { name: 'bob' })
    expect(other.json.id).not.toBe(made[0]!.json.id)
    expect((await ada('GET', path)).json.prototypes).toHaveLength(2)
  })

  test('name only users, robots of the organization and its teams', async () => {
    const { server, ada } = await startWithOrganization()
    await makeRobot(server, 'ada', 'ci')
    await makeOrganization(server, 'other', { admin: 'ada', creator: 'bob' })
    const refused: [object, { name: string }?][] = [
      [user('nobody')],
      [user('acme')],
      [user('ada+ci')],
      [team('creators')],
      [team('bob')],
      [user('eve'), { name: 'nobody' }],
      [user('eve'), { name: 'ada+ci' }],
      [{ name: 'eve', kind: 'robot' }],
    ]
    for (const [delegate, activating] of refused)
      expect(await outcome(add(ada, delegate, 'read', activating))).toEqual([
        400,
        'invalid_request',
      ])
    expect((await ada('GET', path)).json).toEqual({ prototypes: [] })
  })

  test('belong to their organization, and one that is not there is not found', async () => {
    const { server, ada } = await startWithOrganization()
    await makeOrganization(server, 'other', { admin: 'ada' })
    const { json } = await add(ada, user('eve'), 'read')
    const elsewhere = `/api/v1/organization/other/prototypes/${json.id}`
    const unknown = `${path}/00000000-0000-4000-8000-000000000000`
    for (const item of [elsewhere, unknown, `${path}/none`]) {
      const changed = ada('PUT', item, { body: { role: 'admin' } })
      expect(await outcome(changed)).toEqual([404, 'not_found'])
      expect(await outcome(ada('DELETE', item))).toEqual([404, 'not_found'])
    }
    expect((await ada('GET', path)).json.prototypes).toMatchObject([{ role: 'read' }])
  })

  test('are for administrators alone, whether or not the organization exists', async () => {
    const { server, ada, bob, eve } = await startWithOrganization()
    const { json } = await add(ada, user('eve'), 'read')
    const calls: [string, string, object?][] = [
      ['GET', ''],
      ['POST', '', { role: 'admin', delegate: user('eve') }],
      ['PUT', `/${json.id}`, { role: 'admin' }],
      ['DELETE', `/${json.id}`],
    ]
    for (const [method, item, body] of calls)
      for (const base of [path, '/api/v1/organization/none/prototypes']) {
        const options = body && { body }
        const nobody = server.call(method, base + item, options)
        expect(await outcome(nobody)).toEqual([401, 'invalid_token'])
        for (const call of [bob, eve])
          expect(await outcome(call(method, base + item, options))).toEqual([
            403,
            'insufficient_scope',
          ])
      }
  })
})

describe('a new repository', () => {
  test('gives what the default permissions say, and older ones stay as they are', async () => {
    const { ada } = await startWithOrganization()
    await add(ada, user('eve'), 'write')
    await add(ada, team('members'), 'read')
    await create(ada, 'new', { namespace: 'acme' })
    expect(await rolesOn(ada, 'new')).toEqual({ ada: 'admin', eve: 'write', members: 'read' })
    expect(await rolesOn(ada, 'nginx')).toEqual({ ada: 'admin' })
  })

  test("its creator's rule stands before everybody's, also when it gives less", async () => {
    const { server, ada } = await startWithOrganization()
    await makeOrganization(server, 'other', { admin: 'ada' })
    await add(ada, user('eve'), 'admin')
    await add(ada, user('eve'), 'read', { name: 'ada' })
    await add(ada, team('members'), 'write', { name: 'bob' })
    await create(ada, 'new', { namespace: 'acme' })
    expect(await rolesOn(ada, 'new')).toEqual({ ada: 'admin', eve: 'read' })
    await create(ada, 'elsewhere', { namespace: 'other' })
    const { json } = await ada('GET', '/api/v1/repository/other/elsewhere/permissions/user/')
    expect(Object.keys(json.permissions)).toEqual(['ada'])
  })

  test('its creator administers it, whatever a rule says of the creator', async () => {
    const { ada } = await startWithOrganization()
    await add(ada, user('ada'), 'read')
    await create(ada, 'new', { namespace: 'acme' })
    expect(await rolesOn(ada, 'new')).toEqual({ ada: 'admin' })
  })

  test('that a robot pushes is administered by the robot and has the defaults', async () => {
    const { server, ada } = await startWithOrganization()
    const { id, name, token } = await makeRobot(server, 'acme', 'ci')
    await add(ada, user('eve'), 'write', { name })
    await add(ada, user(name), 'read')
    await addToTeam(server, 'creator', id)
    const { call: push } = await logIn(server, name, token, 'repository:acme/pushed:pull,push')
    await pushImage(push, 'acme/pushed', ['latest'])
    expect(await rolesOn(ada, 'pushed')).toEqual({ [name]: 'admin', eve: 'write' })
  })
})

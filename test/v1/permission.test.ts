import { describe, expect, test } from 'vitest'

import { listAudit, makeOrganization } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { makeRobot } from '#test/support/machine.ts'
import { addGrants, give, startWithOrganization } from './permission-fixture.ts'
import { create, startWithRepository } from './repository-fixture.ts'

describe('roles of users', () => {
  test('a role is given, shown, replaced and taken, and each change is in the audit log', async () => {
    const { server, ada, eve, url } = await startWithOrganization()
    const path = `${url}/permissions/user/eve`
    const given = await give(ada, url, 'user/eve', 'read')
    expect(given.json).toMatchObject({ role: 'read', name: 'eve', is_robot: false })
    expect((await eve('GET', url)).status).toBe(200)
    expect((await give(ada, url, 'user/eve', 'admin')).json.role).toBe('admin')
    expect((await eve('GET', path)).json).toMatchObject({ role: 'admin', is_org_member: false })
    expect((await ada('DELETE', path)).status).toBe(204)
    expect(await outcome(eve('GET', url))).toEqual([403, 'insufficient_scope'])
    expect(await outcome(ada('DELETE', path))).toEqual([400, 'invalid_request'])
    const place = { repo: 'nginx', namespace: 'acme' }
    const entries = await listAudit(server, 'acme')
    expect(entries.filter(({ kind }) => kind.endsWith('_repo_permission'))).toMatchObject([
      { kind: 'change_repo_permission', metadata: { username: 'eve', ...place, role: 'read' } },
      { kind: 'change_repo_permission', metadata: { username: 'eve', ...place, role: 'admin' } },
      { kind: 'delete_repo_permission', metadata: { username: 'eve', ...place }, performer: 'ada' },
    ])
  })

  test('the list has users and robots by name, and says who belongs to the organization', async () => {
    const { server, ada, url } = await startWithOrganization()
    await makeRobot(server, 'acme', 'ci')
    for (const name of ['eve', 'bob', 'acme+ci']) await give(ada, url, `user/${name}`, 'write')
    const { json } = await ada('GET', `${url}/permissions/user/`)
    // `ada` made the repository.
    expect(Object.keys(json.permissions)).toEqual(['acme+ci', 'ada', 'bob', 'eve'])
    expect(json.permissions).toMatchObject({
      'acme+ci': { is_robot: true, is_org_member: true, avatar: { kind: 'robot' } },
      ada: { role: 'admin', is_org_member: true },
      bob: { role: 'write', is_robot: false, is_org_member: true },
      eve: { is_org_member: false },
    })
  })

  test('a repository of a user says nothing of members', async () => {
    const { owner, url } = await startWithRepository()
    const { json } = await give(owner, url, 'user/stranger', 'read')
    expect(Object.keys(json).sort()).toEqual(['avatar', 'is_robot', 'name', 'role'])
  })

  test('20,000 roles come in one list', async () => {
    const { server, ada, url } = await startWithOrganization()
    await addGrants(server, 'nginx', 20_000)
    const { json } = await ada('GET', `${url}/permissions/user/`)
    expect(Object.keys(json.permissions)).toHaveLength(20_001)
  })

  test("the owner's own role can neither be set nor taken", async () => {
    const { owner, url } = await startWithRepository()
    expect(await outcome(give(owner, url, 'user/acme', 'read'))).toEqual([400, 'invalid_request'])
    const taken = owner('DELETE', `${url}/permissions/user/acme`)
    expect(await outcome(taken)).toEqual([400, 'invalid_request'])
    expect((await owner('GET', `${url}/permissions/user/`)).json.permissions).toEqual({})
  })

  test('only robots of the namespace are given a role', async () => {
    const { server, ada, url } = await startWithOrganization()
    const { token } = await makeRobot(server, 'acme', 'ci')
    await makeRobot(server, 'ada', 'ci')
    expect((await give(ada, url, 'user/acme+ci', 'read')).status).toBe(200)
    expect(token).toHaveLength(64)
    expect(await outcome(give(ada, url, 'user/ada+ci', 'read'))).toEqual([400, 'invalid_request'])
  })

  test('nobody who is not there, and no organization, is given a role', async () => {
    const { ada, url } = await startWithOrganization()
    for (const name of ['nobody', 'acme', 'acme+none', '%00', 'x'.repeat(511)])
      expect(await outcome(give(ada, url, `user/${name}`, 'read'))).toEqual([
        400,
        'invalid_request',
      ])
    expect(await outcome(give(ada, url, 'user/eve', 'owner'))).toEqual([400, 'invalid_request'])
    const shown = ada('GET', `${url}/permissions/user/eve`)
    expect(await outcome(shown)).toEqual([400, 'invalid_request'])
  })

  test('someone on the way out has no role any more', async () => {
    const { server, ada, url } = await startWithOrganization()
    await give(ada, url, 'user/eve', 'write')
    const leaving = { deleted_at: server.clock.now(), enabled: false }
    await server.deps.db.updateTable('namespace').set(leaving).where('name', '=', 'eve').execute()
    const { json } = await ada('GET', `${url}/permissions/user/`)
    expect(Object.keys(json.permissions)).toEqual(['ada'])
    expect(await outcome(give(ada, url, 'user/eve', 'read'))).toEqual([400, 'invalid_request'])
    const transitive = ada('GET', `${url}/permissions/user/eve/transitive`)
    expect(await outcome(transitive)).toEqual([404, 'not_found'])
  })
})

describe('roles of teams', () => {
  test('a role is given, shown, replaced and taken, and each change is in the audit log', async () => {
    const { server, ada, bob, url } = await startWithOrganization()
    const path = `${url}/permissions/team/members`
    expect((await give(ada, url, 'team/members', 'read')).json).toMatchObject({
      role: 'read',
      name: 'members',
      avatar: { kind: 'team' },
    })
    expect((await bob('GET', url)).json.can_write).toBe(false)
    await give(ada, url, 'team/members', 'write')
    expect((await bob('GET', url)).json.can_write).toBe(true)
    expect((await ada('GET', path)).json).toEqual({ role: 'write' })
    const { json } = await ada('GET', `${url}/permissions/team/`)
    expect(json.permissions).toMatchObject({ members: { role: 'write', name: 'members' } })
    expect((await ada('DELETE', path)).status).toBe(204)
    expect((await bob('GET', url)).status).toBe(403)
    for (const method of ['GET', 'DELETE'])
      expect(await outcome(ada(method, path))).toEqual([400, 'invalid_request'])
    const entries = await listAudit(server, 'acme')
    expect(entries.filter(({ kind }) => kind.endsWith('_repo_permission'))).toMatchObject([
      { metadata: { team: 'members', repo: 'nginx', role: 'read' } },
      { metadata: { team: 'members', repo: 'nginx', role: 'write' } },
      { kind: 'delete_repo_permission', metadata: { team: 'members', repo: 'nginx' } },
    ])
  })

  test('only teams of the organization are given a role, and a user has none', async () => {
    const { server, ada, url } = await startWithOrganization()
    await makeOrganization(server, 'other', { admin: 'ada', creator: 'bob' })
    await create(ada, 'own')
    const own = '/api/v1/repository/ada/own'
    for (const [place, team] of [
      [url, 'none'],
      [url, 'creators'],
      [own, 'owners'],
    ] as const)
      expect(await outcome(give(ada, place, `team/${team}`, 'read'))).toEqual([
        400,
        'invalid_request',
      ])
    expect((await ada('GET', `${own}/permissions/team/`)).json).toEqual({ permissions: {} })
  })
})

describe('getUserTransitivePermission', () => {
  test('has the role of the user itself and those of its teams, strongest first', async () => {
    const { ada, url } = await startWithOrganization()
    const path = `${url}/permissions/user/bob/transitive`
    expect(await outcome(ada('GET', path))).toEqual([404, 'not_found'])
    await give(ada, url, 'user/bob', 'read')
    await give(ada, url, 'team/members', 'write')
    expect((await ada('GET', path)).json.permissions).toEqual([{ role: 'write' }, { role: 'read' }])
  })
})

describe('the rights on permissions', () => {
  test('writers and strangers neither see nor change them, whether or not the repository exists', async () => {
    const { server, ada, eve, bob, url } = await startWithOrganization()
    await give(ada, url, 'user/bob', 'write')
    const calls: [string, string, object?][] = [
      ['GET', 'user/'],
      ['GET', 'user/bob'],
      ['PUT', 'user/eve', { role: 'admin' }],
      ['DELETE', 'user/bob'],
      ['GET', 'user/bob/transitive'],
      ['GET', 'team/'],
      ['GET', 'team/members'],
      ['PUT', 'team/members', { role: 'admin' }],
      ['DELETE', 'team/members'],
    ]
    for (const [method, path, body] of calls) {
      const options = body && { body }
      for (const base of [url, '/api/v1/repository/acme/none']) {
        const at = `${base}/permissions/${path}`
        expect(await outcome(server.call(method, at, options))).toEqual([401, 'invalid_token'])
        for (const call of [eve, bob])
          expect(await outcome(call(method, at, options))).toEqual([403, 'insufficient_scope'])
      }
      const missing = ada(method, `/api/v1/repository/acme/none/permissions/${path}`, options)
      expect(await outcome(missing)).toEqual([404, 'not_found'])
    }
  })

  test('a repository that is deleted meanwhile takes no roles', async () => {
    const { server, ada, url } = await startWithOrganization()
    const answers = await Promise.all([
      ...Array.from({ length: 8 }, () => give(ada, url, 'user/eve', 'read')),
      ada('DELETE', url),
      ...Array.from({ length: 8 }, () => give(ada, url, 'team/members', 'read')),
    ])
    for (const answer of answers) expect([200, 204, 404]).toContain(answer.status)
    const { db } = server.deps
    expect((await ada('GET', url)).status).toBe(404)
    expect(await db.selectFrom('repository').select('state').execute()).toEqual([
      { state: 'MARKED_FOR_DELETION' },
    ])
  })
})

import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { listAudit, mintToken } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { basicAuth, makeRobot } from '#test/support/machine.ts'
import { startServer } from '#test/support/server.ts'
import { shareServer } from '#test/support/shared.ts'
import { namesIn, newOrganization } from './team-fixture.ts'

const shared = shareServer()
const refused = [400, 'invalid_request']

test('getOrganizationTeamMembers lists users and robots by name, and says who may change the team', async () => {
  const server = shared()
  const { team, member, admin, name } = await newOrganization(server)
  const members = await team('builders')
  const ada = await member('builders')
  const robot = await makeRobot(server, name, 'ci')
  await admin.call('PUT', `${members}/${encodeURIComponent(robot.name)}`)
  const { json } = await admin.call('GET', members)
  expect(json).toMatchObject({ name: 'builders', can_edit: true })
  expect(json.members).toEqual([
    {
      name: robot.name,
      kind: 'user',
      is_robot: true,
      invited: false,
      avatar: expect.objectContaining({ kind: 'robot' }),
    },
    {
      name: ada.name,
      kind: 'user',
      is_robot: false,
      invited: false,
      avatar: expect.objectContaining({ kind: 'user', name: ada.name }),
    },
  ])
})

test('members see their own teams and no others; strangers see none, whether or not there is one', async () => {
  const server = shared()
  const { teams, team, member, user, admin } = await newOrganization(server)
  const members = await team('builders')
  const ada = await member('builders')
  const stranger = await user()
  expect((await ada.call('GET', members)).json).toMatchObject({ can_edit: false })
  const none = [403, 'insufficient_scope']
  expect(await outcome(ada.call('GET', `${teams}/owners/members`))).toEqual(none)
  expect(await outcome(ada.call('GET', `${teams}/unheard-of/members`))).toEqual(none)
  expect(await outcome(stranger.call('GET', members))).toEqual(none)
  expect(await outcome(server.call('GET', members))).toEqual([401, 'invalid_token'])
  const missing = await outcome(admin.call('GET', `${teams}/unheard-of/members`))
  expect(missing).toEqual([404, 'not_found'])
})

test('an OAuth token sees a team with org:admin, and not with scopes for repositories alone', async () => {
  const server = shared()
  const { team, admin } = await newOrganization(server)
  const members = await team('builders')
  const tokenWith = async (scope: 'org:admin' | 'repo:admin') =>
    server.withToken(await mintToken(server, admin.name, [scope]))
  expect((await (await tokenWith('org:admin'))('GET', members)).json.can_edit).toBe(true)
  const narrow = await tokenWith('repo:admin')
  expect(await outcome(narrow('GET', members))).toEqual([403, 'insufficient_scope'])
})

test('global read-only superusers see members, and change nothing', async () => {
  const server = await startServer({ GLOBAL_READONLY_SUPER_USERS: 'auditor' })
  const { call: auditor } = await server.user('auditor')
  const { teams, team, member } = await newOrganization(server)
  const members = await team('builders')
  const ada = await member('builders')
  const answer = await auditor('GET', `${members}?includePending=true`)
  expect(namesIn(answer)).toEqual([ada.name])
  expect(answer.json.can_edit).toBe(false)
  expect(await outcome(auditor('GET', `${teams}/builders/permissions`))).toEqual([200])
  const change = await outcome(auditor('DELETE', `${members}/${ada.name}`))
  expect(change).toEqual([403, 'insufficient_scope'])
})

test('without mail anybody is added at once, and only once', async () => {
  const server = shared()
  const { team, user, admin, name } = await newOrganization(server)
  const members = await team('builders')
  const ada = await user()
  const add = () => admin.call('PUT', `${members}/${ada.name}`)
  expect((await add()).json).toMatchObject({ name: ada.name, is_robot: false, invited: false })
  expect(await outcome(add())).toEqual(refused)
  expect(namesIn(await admin.call('GET', members))).toEqual([ada.name])
  const audit = await listAudit(server, name, 'org_add_team_member')
  expect(audit).toMatchObject([{ metadata: { member: ada.name, team: 'builders' } }])
})

test('only users and robots of the organization can be in its teams', async () => {
  const server = shared()
  const { teams, team, user, admin, name } = await newOrganization(server)
  const other = await newOrganization(server)
  const members = await team('builders')
  const ada = await user()
  const theirs = await makeRobot(server, other.name, 'ci')
  const personal = await makeRobot(server, ada.name, 'ci')
  const add = (member: string) =>
    outcome(admin.call('PUT', `${members}/${encodeURIComponent(member)}`))
  for (const member of [theirs.name, personal.name, 'nobody', other.name, `${name}+missing`])
    expect(await add(member)).toEqual(refused)
  const noTeam = await outcome(admin.call('PUT', `${teams}/unheard-of/members/${ada.name}`))
  expect(noTeam).toEqual([404, 'not_found'])
  expect(namesIn(await admin.call('GET', members))).toEqual([])
})

test('deleteOrganizationTeamMember takes somebody out once', async () => {
  const server = shared()
  const { teams, team, member, admin, name } = await newOrganization(server)
  const members = await team('builders')
  const ada = await member('builders')
  const remove = (who = ada.name, where = members) =>
    outcome(admin.call('DELETE', `${where}/${who}`))
  expect(await remove()).toEqual([204])
  expect(await remove()).toEqual(refused)
  expect(await remove('nobody')).toEqual([404, 'not_found'])
  expect(await remove(ada.name, `${teams}/unheard-of/members`)).toEqual([404, 'not_found'])
  const audit = await listAudit(server, name, 'org_remove_team_member')
  expect(audit).toMatchObject([{ metadata: { member: ada.name, team: 'builders' } }])
})

test('a robot in the administrator team keeps nobody from being the last administrator', async () => {
  const server = shared()
  const { teams, admin, name } = await newOrganization(server)
  const robot = encodeURIComponent((await makeRobot(server, name, 'ci')).name)
  await admin.call('PUT', `${teams}/owners/members/${robot}`)
  const leave = await outcome(admin.call('DELETE', `${teams}/owners/members/${admin.name}`))
  expect(leave).toEqual(refused)
  expect(await outcome(admin.call('DELETE', `${teams}/owners/members/${robot}`))).toEqual([204])
})

test('a membership counts with the next request, and so does its end, for a token given out before', async () => {
  const server = shared()
  const { teams, member, user, admin, name, team } = await newOrganization(server)
  await team('builders', 'creator')
  const pushing = await server.registry(admin.name, `repository:${name}/app:pull,push`)
  const { digest } = await pushImage(pushing, `${name}/app`, ['latest'])
  const ada = await member('owners')
  const eve = await user()
  const scope = `repository:${name}/app:pull,push`
  const pull = await server.registry(ada.name, scope)
  const read = () => pull('GET', `/v2/${name}/app/manifests/${digest}`)
  expect((await read()).status).toBe(200)
  await admin.call('DELETE', `${teams}/owners/members/${ada.name}`)
  expect(await outcome(read())).toEqual([401, 'UNAUTHORIZED'])
  await admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  expect((await read()).status).toBe(200)
  // The role of the team, too.
  await admin.call('PUT', `${teams}/builders/members/${eve.name}`)
  const make = (repository: string) =>
    outcome(
      eve.call('POST', '/api/v1/repository', {
        body: { namespace: name, repository, visibility: 'private', description: '' },
      }),
    )
  expect(await make('first')).toEqual([201])
  await admin.call('PUT', `${teams}/builders`, { body: { role: 'member' } })
  expect(await make('second')).toEqual([403, 'insufficient_scope'])
})

test('a robot pulls by the role of its team, and no more once it has left', async () => {
  const server = shared()
  const { team, admin, name } = await newOrganization(server)
  const members = await team('builders')
  const scope = `repository:${name}/app:pull,push`
  const push = await server.registry(admin.name, scope)
  const { digest } = await pushImage(push, `${name}/app`, ['latest'])
  const robot = await makeRobot(server, name, 'ci')
  const member = `${members}/${encodeURIComponent(robot.name)}`
  await admin.call('PUT', member)
  const role = `/api/v1/repository/${name}/app/permissions/team/builders`
  await admin.call('PUT', role, { body: { role: 'read' } })
  const headers = basicAuth(robot.name, robot.token)
  const query = new URLSearchParams({ service: server.host, scope })
  const { json } = await server.call('GET', `/v2/auth?${query}`, { headers })
  const read = () =>
    outcome(
      server.call('GET', `/v2/${name}/app/manifests/${digest}`, {
        headers: { authorization: `Bearer ${json.token}` },
      }),
    )
  expect(await read()).toEqual([200])
  await admin.call('DELETE', member)
  expect(await read()).toEqual([401, 'UNAUTHORIZED'])
})

test('a push ends with the next request after its user was removed', async () => {
  const server = shared()
  const { teams, member, admin, name } = await newOrganization(server)
  const ada = await member('owners')
  const scope = `repository:${name}/app:pull,push`
  // Whoever makes a repository keeps a role on it; so somebody else does.
  await pushImage(await server.registry(admin.name, scope), `${name}/app`, ['latest'])
  const push = await server.registry(ada.name, scope)
  const begun = await push('POST', `/v2/${name}/app/blobs/uploads/`)
  expect(begun.status).toBe(202)
  await admin.call('DELETE', `${teams}/owners/members/${ada.name}`)
  const chunk = { headers: { 'content-type': 'application/octet-stream' }, body: 'bytes' }
  const next = await outcome(push('PATCH', begun.headers.get('location')!, chunk))
  expect(next).toEqual([401, 'UNAUTHORIZED'])
})

test('accounts and organizations on their way out have no part in teams any more', async () => {
  const server = shared()
  const { team, member, user, admin, name } = await newOrganization(server)
  const members = await team('builders')
  const [ada, eve] = [await member('builders'), await user()]
  const leave = (account: string) =>
    sql`update namespace set deleted_at = now(), enabled = false where name = ${account}`.execute(
      server.deps.db,
    )
  await leave(ada.name)
  await leave(eve.name)
  expect(namesIn(await admin.call('GET', members))).toEqual([])
  expect(await outcome(admin.call('PUT', `${members}/${eve.name}`))).toEqual(refused)
  await leave(name)
  expect((await outcome(admin.call('GET', members)))[0]).toBe(403)
})

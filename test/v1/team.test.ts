import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { listAudit } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { shareServer } from '#test/support/shared.ts'
import { fresh, mailing, newOrganization } from './team-fixture.ts'

const shared = shareServer()

test('updateOrganizationTeam makes a team once, then changes what is sent', async () => {
  const { teams, admin, name } = await newOrganization(shared())
  const put = async (body: object) =>
    (await admin.call('PUT', `${teams}/builders`, { body })).json as object
  const made = await put({ role: 'member', description: 'They build' })
  expect(made).toMatchObject({
    name: 'builders',
    description: 'They build',
    role: 'member',
    can_view: true,
    new_team: true,
    avatar: { kind: 'team' },
  })
  const changed = await put({ role: 'creator' })
  expect(changed).toMatchObject({ description: 'They build', role: 'creator', new_team: false })
  expect(await put({ role: 'creator', description: '' })).toMatchObject({ description: '' })
  await put({ role: 'creator', description: '' })
  const audit = await listAudit(shared(), name)
  expect(audit.map(({ kind, metadata }) => [kind, metadata])).toEqual([
    ['org_create_team', { team: 'builders' }],
    ['org_set_team_role', { team: 'builders', role: 'creator' }],
    ['org_set_team_description', { team: 'builders', description: '' }],
  ])
})

test('updateOrganizationTeam refuses names and roles that break the rule', async () => {
  const { teams, admin } = await newOrganization(shared())
  const put = (team: string, body: object = { role: 'member' }) =>
    outcome(admin.call('PUT', `${teams}/${team}`, { body }))
  const refused = [400, 'invalid_request']
  for (const team of ['Builders', 'b', 'a%20b', '-a', 'a%2Bb', 'a..b', 'a'.repeat(256)])
    expect([team, await put(team)]).toEqual([team, refused])
  expect(await put('builders', { role: 'owner' })).toEqual(refused)
  expect(await put('builders', {})).toEqual(refused)
  expect(await put('builders', { role: 'member', description: 'x'.repeat(65_537) })).toEqual(
    refused,
  )
  expect(await put('a'.repeat(255))).toEqual([200])
})

test('deleteOrganizationTeam removes a team once; an unknown one is a bad request', async () => {
  const { teams, team, admin, name } = await newOrganization(shared())
  await team('builders')
  expect(await outcome(admin.call('DELETE', `${teams}/builders`))).toEqual([204])
  const again = await outcome(admin.call('DELETE', `${teams}/builders`))
  expect(again).toEqual([400, 'invalid_request'])
  const deleted = await listAudit(shared(), name, 'org_delete_team')
  expect(deleted).toMatchObject([{ metadata: { team: 'builders' }, performer: admin.name }])
})

test('a deleted team leaves no row behind in any table that names teams', async () => {
  const server = await startServer(mailing)
  const { db } = server.deps
  const { teams, team, member, user, admin, name } = await newOrganization(server)
  const members = await team('builders')
  await member('builders')
  const outsider = await user()
  await admin.call('PUT', `${members}/${outsider.name}`)
  await admin.call('PUT', `${teams}/builders/invite/someone@example.com`)
  const organization = sql`(select id from namespace where name = ${name})`
  await sql`insert into repository (namespace_id, name, is_public, created_at)
    values (${organization}, 'app', false, now())`.execute(db)
  const builders = sql`(select id from team where name = 'builders')`
  await sql`insert into repository_team_grant (repository_id, team_id, role)
    select id, ${builders}, 'write' from repository`.execute(db)
  await sql`insert into default_permission (namespace_id, delegate_team_id, role)
    values (${organization}, ${builders}, 'read')`.execute(db)

  // Every table with a foreign key to team, and those that follow from one of them.
  const { rows: tables } = await sql<{ name: string }>`
    select distinct conrelid::regclass::text as name from pg_constraint
    where contype = 'f' and confrelid in ('team'::regclass, 'team_invite'::regclass)`.execute(db)
  const counts = async () => {
    const counted: Record<string, number> = {}
    for (const table of tables) {
      const owners = table.name === 'team_member' ? sql`where team_id = ${builders}` : sql``
      const { rows } = await sql<{ count: number }>`
        select count(*)::integer as count from ${sql.table(table.name)} ${owners}`.execute(db)
      counted[table.name] = rows[0]!.count
    }
    return counted
  }
  expect(await counts()).toEqual({
    team_member: 1,
    team_invite: 2,
    user_notification: 1,
    repository_team_grant: 1,
    default_permission: 1,
  })
  expect(await outcome(admin.call('DELETE', `${teams}/builders`))).toEqual([204])
  expect(new Set(Object.values(await counts()))).toEqual(new Set([0]))
  const { json } = await outsider.call('GET', '/api/v1/user/notifications')
  expect(json.notifications).toEqual([])
})

test('administrators cannot lose their rights by their own hand', async () => {
  const { teams, team, member, admin } = await newOrganization(shared())
  await member('owners')
  const refused = [400, 'invalid_request']
  const demote = () => outcome(admin.call('PUT', `${teams}/owners`, { body: { role: 'creator' } }))
  const remove = () => outcome(admin.call('DELETE', `${teams}/owners`))
  const leave = () => outcome(admin.call('DELETE', `${teams}/owners/members/${admin.name}`))
  expect([await demote(), await remove(), await leave()]).toEqual([refused, refused, refused])
  // With another team that makes them administrators, they may.
  const members = await team('heads', 'admin')
  await admin.call('PUT', `${members}/${admin.name}`)
  expect([await leave(), await demote(), await remove()]).toEqual([[204], [200], [204]])
  expect(await outcome(admin.call('DELETE', `${teams}/heads`))).toEqual(refused)
})

test('nobody takes the last administrator from an organization, not even a superuser', async () => {
  const server = await startServer({ FEATURE_SUPERUSERS_FULL_ACCESS: 'true', SUPER_USERS: 'root' })
  const { call: root } = await server.user('root')
  const { teams, team, admin } = await newOrganization(server)
  const refused = [400, 'invalid_request']
  expect(await outcome(root('PUT', `${teams}/owners`, { body: { role: 'member' } }))).toEqual(
    refused,
  )
  expect(await outcome(root('DELETE', `${teams}/owners`))).toEqual(refused)
  const membership = `${teams}/owners/members/${admin.name}`
  expect(await outcome(root('DELETE', membership))).toEqual(refused)
  // An administrator team without a person in it does not count.
  await team('heads', 'admin')
  expect(await outcome(root('DELETE', membership))).toEqual(refused)
  await root('PUT', `${teams}/heads/members/root`)
  expect(await outcome(root('DELETE', membership))).toEqual([204])
  expect(await outcome(root('DELETE', `${teams}/owners`))).toEqual([204])
})

test('an administrator team may go when others are left, also one that its deleter is not in', async () => {
  const { teams, team, admin } = await newOrganization(shared())
  await team('heads', 'admin')
  expect(await outcome(admin.call('DELETE', `${teams}/heads`))).toEqual([204])
})

test('changes of teams are for administrators of the organization', async () => {
  const server = shared()
  const { teams, team, member, user } = await newOrganization(server)
  await team('builders', 'creator')
  const builder = await member('builders')
  const stranger = await user()
  const attempts = [
    ['PUT', `${teams}/builders`, { body: { role: 'admin' } }],
    ['PUT', `${teams}/fresh`, { body: { role: 'admin' } }],
    ['DELETE', `${teams}/builders`],
    ['DELETE', `${teams}/unheard-of`],
    ['PUT', `${teams}/owners/members/${builder.name}`],
    ['DELETE', `${teams}/owners/members/${builder.name}`],
    ['GET', `${teams}/builders/permissions`],
    ['PUT', `/api/v1/organization/${fresh('no-org')}/team/builders`, { body: { role: 'member' } }],
  ] as const
  const asked = (call: Call) =>
    Promise.all(attempts.map(([method, path, options]) => outcome(call(method, path, options))))
  const all = (refusal: [number, string]) => attempts.map(() => refusal)
  expect(await asked(server.call)).toEqual(all([401, 'invalid_token']))
  expect(await asked(builder.call)).toEqual(all([403, 'insufficient_scope']))
  expect(await asked(stranger.call)).toEqual(all([403, 'insufficient_scope']))
})

test('getOrganizationTeamPermissions lists roles on repositories, by name, without deleted ones', async () => {
  const server = shared()
  const { db } = server.deps
  const { teams, team, admin, name } = await newOrganization(server)
  await team('builders')
  const grant = (repository: string, role: string, state = 'NORMAL') =>
    sql`
    with made as (insert into repository (namespace_id, name, is_public, state, created_at)
      select id, ${repository}, ${repository === 'app'}, ${state}, now() from namespace where name = ${name}
      returning id, namespace_id)
    insert into repository_team_grant (repository_id, team_id, role)
    select made.id, t.id, ${role} from made join team t on t.namespace_id = made.namespace_id
    where t.name = 'builders'`.execute(db)
  await grant('web', 'admin')
  await grant('app', 'read')
  await grant('gone', 'write', 'MARKED_FOR_DELETION')
  const { json } = await admin.call('GET', `${teams}/builders/permissions`)
  expect(json.permissions).toEqual([
    { repository: { name: 'app', is_public: true }, role: 'read' },
    { repository: { name: 'web', is_public: false }, role: 'admin' },
  ])
  const missing = await outcome(admin.call('GET', `${teams}/unheard-of/permissions`))
  expect(missing).toEqual([404, 'not_found'])
})

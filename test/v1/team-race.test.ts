import { expect, test } from 'vitest'

import { listAudit } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { shareServer } from '#test/support/shared.ts'
import { namesIn, newOrganization } from './team-fixture.ts'

const shared = shareServer()
const rounds = 8
const refused = [400, 'invalid_request']
const statuses = (outcomes: readonly (readonly [number, string?])[]) =>
  outcomes.map(([status]) => status).toSorted()

test('of two administrators who remove each other at once one stays', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const { teams, member, admin, name } = await newOrganization(shared())
    const other = await member('owners')
    const removed = await Promise.all([
      outcome(admin.call('DELETE', `${teams}/owners/members/${other.name}`)),
      outcome(other.call('DELETE', `${teams}/owners/members/${admin.name}`)),
    ])
    // Who comes second is refused by the rule, or has lost the right already.
    expect(removed.filter(([status]) => status === 204)).toHaveLength(1)
    expect(removed.filter(([status]) => status === 400 || status === 403)).toHaveLength(1)
    expect(await listAudit(shared(), name, 'org_remove_team_member')).toHaveLength(1)
  }
})

test('of two administrators who demote the teams of each other at once one stays', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const { teams, team, member, admin } = await newOrganization(shared())
    await team('heads', 'admin')
    const other = await member('heads')
    const body = { role: 'member' }
    const demoted = await Promise.all([
      outcome(admin.call('PUT', `${teams}/heads`, { body })),
      outcome(other.call('PUT', `${teams}/owners`, { body })),
    ])
    expect(demoted.filter(([status]) => status === 200)).toHaveLength(1)
    expect(demoted.filter(([status]) => status === 400 || status === 403)).toHaveLength(1)
  }
})

test('of two administrators who leave at once one stays, and the last never leaves', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const { teams, member, admin } = await newOrganization(shared())
    const other = await member('owners')
    const leave = (who: typeof admin) =>
      outcome(who.call('DELETE', `${teams}/owners/members/${who.name}`))
    // Nobody leaves the only team that makes them an administrator.
    expect(await Promise.all([leave(admin), leave(admin), leave(other)])).toEqual([
      refused,
      refused,
      refused,
    ])
    const both = [admin, other].map((each) => each.name).toSorted()
    expect(namesIn(await admin.call('GET', `${teams}/owners/members`))).toEqual(both)
  }
})

test('of two administrator teams that are deleted at once one stays', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const { teams, team, admin } = await newOrganization(shared())
    const members = await team('heads', 'admin')
    await admin.call('PUT', `${members}/${admin.name}`)
    const deleted = await Promise.all(
      ['owners', 'heads'].map((each) => outcome(admin.call('DELETE', `${teams}/${each}`))),
    )
    expect(statuses(deleted)).toEqual([204, 400])
  }
})

test('ten requests that make one team make one, and ten that add one member add one', async () => {
  const { teams, user, admin, name } = await newOrganization(shared())
  const ten = <T>(make: () => Promise<T>) => Promise.all(Array.from({ length: 10 }, make))
  const body = { role: 'member' }
  const made = await ten(() => admin.call('PUT', `${teams}/builders`, { body }))
  expect(made.map(({ status }) => status)).toEqual(made.map(() => 200))
  expect(made.filter(({ json }) => json.new_team)).toHaveLength(1)
  expect(await listAudit(shared(), name, 'org_create_team')).toHaveLength(1)
  const ada = await user()
  const added = await ten(() => outcome(admin.call('PUT', `${teams}/builders/members/${ada.name}`)))
  expect(statuses(added)).toEqual([200, ...Array.from({ length: 9 }, () => 400)])
  expect(await listAudit(shared(), name, 'org_add_team_member')).toHaveLength(1)
})

test('a member who is added while the team is deleted is in it, or told that it is gone', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const { teams, team, user, admin } = await newOrganization(shared())
    const members = await team('builders')
    const ada = await user()
    const [added, deleted] = await Promise.all([
      outcome(admin.call('PUT', `${members}/${ada.name}`)),
      outcome(admin.call('DELETE', `${teams}/builders`)),
    ])
    expect(deleted).toEqual([204])
    expect([[200], [404, 'not_found']]).toContainEqual(added)
  }
})

test('an account that is deleted while it is added is in no team afterwards', async () => {
  const server = shared()
  for (let round = 0; round < rounds; round += 1) {
    const { team, user, admin } = await newOrganization(server)
    const members = await team('builders')
    const ada = await user()
    const [added, deleted] = await Promise.all([
      outcome(admin.call('PUT', `${members}/${ada.name}`)),
      outcome(ada.call('DELETE', '/api/v1/user/')),
    ])
    expect(deleted).toEqual([204])
    expect([[200], refused]).toContainEqual(added)
    expect(namesIn(await admin.call('GET', members))).toEqual([])
    const left = await server.deps.db
      .selectFrom('team_member as m')
      .innerJoin('team as t', 't.id', 'm.team_id')
      .innerJoin('namespace as n', 'n.id', 't.namespace_id')
      .select('m.user_id')
      .where('m.user_id', '=', ada.id)
      .execute()
    expect(left).toEqual([])
  }
})

test('an organization keeps an administrator while one joins, one is removed and one is deleted', async () => {
  const server = await startServer({ FEATURE_SUPERUSERS_FULL_ACCESS: 'true', SUPER_USERS: 'root' })
  const { call: root } = await server.user('root')
  for (let round = 0; round < rounds; round += 1) {
    const { teams, user, admin } = await newOrganization(server)
    const ada = await user()
    await Promise.all([
      admin.call('PUT', `${teams}/owners/members/${ada.name}`),
      root('DELETE', `${teams}/owners/members/${admin.name}`),
      ada.call('DELETE', '/api/v1/user/'),
    ])
    const left = namesIn(await root('GET', `${teams}/owners/members`))
    expect(left).toHaveLength(1)
  }
})

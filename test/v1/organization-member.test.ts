import { describe, expect, test } from 'vitest'

import { grant } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { makeRobot } from '#test/support/machine.ts'
import { startServer } from '#test/support/server.ts'
import { shareServer } from '#test/support/shared.ts'
import { startMailing } from './mail-fixture.ts'
import { pathOf, signInFirst } from './organization-fixture.ts'
import { newOrganization, type TestOrganization } from './team-fixture.ts'

const shared = shareServer()

/** Makes a repository of the organization that holds no image; gives its full name. */
async function addRepository({ name, admin }: TestOrganization, repository: string) {
  const body = { namespace: name, repository, visibility: 'private', description: '' }
  const { status, text } = await admin.call('POST', '/api/v1/repository', { body })
  if (status !== 201) throw new Error(`no repository: ${text}`)
  return `${name}/${repository}`
}

const namesOf = (list: { name: string }[]) => list.map(({ name }) => name)

/** An organization with two builders, of whom one also has a role on the repository `app`, and a robot in their team. */
async function newCompany() {
  const organization = await newOrganization(shared())
  await organization.team('builders')
  const ann = await organization.member('builders')
  const ben = await organization.member('builders')
  const app = await addRepository(organization, 'app')
  await grant(shared(), app, ann.name, 'read')
  const robot = await makeRobot(shared(), organization.name, 'ci')
  const path = `/api/v1/organization/${organization.name}`
  return { ...organization, ann, ben, app, robot, path }
}

describe('getOrganizationMembers', () => {
  test('lists users in teams, with their teams and own roles on repositories', async () => {
    const { admin, ann, ben, path, teams, robot } = await newCompany()
    await admin.call('PUT', `${teams}/builders/members/${encodeURIComponent(robot.name)}`)
    const { members } = (await admin.call('GET', `${path}/members`)).json
    expect(namesOf(members)).toEqual([admin.name, ann.name, ben.name].toSorted())
    const found = members.find(({ name }: { name: string }) => name === ann.name)
    expect(found).toMatchObject({
      kind: 'user',
      avatar: { kind: 'user', name: ann.name },
      teams: [{ name: 'builders', avatar: { kind: 'team' } }],
      repositories: ['app'],
    })
  })

  test('lists names in byte order, and nothing that is elsewhere or gone', async () => {
    const company = await newCompany()
    const { name, admin, ann, path, teams, team } = company
    for (const other of ['zulu', 'alpha']) {
      await team(other)
      await admin.call('PUT', `${teams}/${other}/members/${ann.name}`)
    }
    for (const other of ['web', 'api', 'old']) {
      await grant(shared(), await addRepository(company, other), ann.name, 'read')
    }
    await admin.call('DELETE', `/api/v1/repository/${name}/old`)
    const elsewhere = await addRepository(await newOrganization(shared()), 'elsewhere')
    await grant(shared(), elsewhere, ann.name, 'read')
    const { json } = await admin.call('GET', `${path}/members/${ann.name}`)
    expect(namesOf(json.teams)).toEqual(['alpha', 'builders', 'zulu'])
    expect(json.repositories).toEqual(['api', 'app', 'web'])
  })

  test('is for administrators', async () => {
    const { ann, path } = await newCompany()
    for (const list of ['members', 'collaborators', `members/${ann.name}`])
      expect(await outcome(ann.call('GET', `${path}/${list}`))).toEqual([403, 'insufficient_scope'])
  })

  test('is open to global read-only superusers', async () => {
    const server = await startServer({ GLOBAL_READONLY_SUPER_USERS: 'auditor' })
    const { call: auditor } = await server.user('auditor')
    const { name, admin } = await newOrganization(server)
    const { json } = await auditor('GET', `${pathOf(name)}/members`)
    expect(namesOf(json.members)).toEqual([admin.name])
    const nothing = auditor('GET', `${pathOf('nothing')}/members`)
    expect(await outcome(nothing)).toEqual([404, 'not_found'])
  })
})

test('getOrganizationCollaborators lists who has roles on repositories and is in no team', async () => {
  const { admin, app, robot, path, user } = await newCompany()
  const carl = await user()
  await grant(shared(), app, carl.name, 'write')
  const { db } = shared().deps
  const { id } = await db
    .selectFrom('repository_grant')
    .select('repository_id as id')
    .where('user_id', '=', carl.id)
    .executeTakeFirstOrThrow()
  const given = { repository_id: id, user_id: robot.id, role: 'write' }
  await db.insertInto('repository_grant').values(given).execute()
  const { collaborators } = (await admin.call('GET', `${path}/collaborators`)).json
  expect(collaborators).toMatchObject([
    { name: robot.name, kind: 'user', avatar: { kind: 'robot' }, repositories: ['app'] },
    { name: carl.name, kind: 'user', avatar: { kind: 'user' }, repositories: ['app'] },
  ])
})

describe('getOrganizationMember', () => {
  test('shows a user in a team, and a robot of the organization without one', async () => {
    const { admin, ann, robot, path } = await newCompany()
    const seen = async (name: string) =>
      (await admin.call('GET', `${path}/members/${encodeURIComponent(name)}`)).json
    expect(await seen(ann.name)).toMatchObject({
      name: ann.name,
      kind: 'user',
      teams: [{ name: 'builders' }],
      repositories: ['app'],
    })
    expect(await seen(robot.name)).toMatchObject({ kind: 'robot', teams: [], repositories: [] })
  })

  test('knows nobody who is in no team', async () => {
    const { admin, path, user, app } = await newCompany()
    const carl = await user()
    await grant(shared(), app, carl.name, 'write')
    for (const name of [carl.name, 'nobody'])
      expect(await outcome(admin.call('GET', `${path}/members/${name}`))).toEqual([
        404,
        'not_found',
      ])
  })
})

describe('removeOrganizationMember', () => {
  test('takes away memberships and own roles, here alone', async () => {
    const { admin, ann, path, app } = await newCompany()
    const other = await newOrganization(shared())
    const elsewhere = await addRepository(other, 'app')
    await grant(shared(), elsewhere, ann.name, 'read')
    expect(await outcome(admin.call('DELETE', `${path}/members/${ann.name}`))).toEqual([204])
    expect(await outcome(admin.call('GET', `${path}/members/${ann.name}`))).toEqual([
      404,
      'not_found',
    ])
    expect((await ann.call('GET', `/api/v1/repository/${app}`)).status).toBe(403)
    expect((await ann.call('GET', `/api/v1/repository/${elsewhere}`)).status).toBe(200)
    expect((await ann.call('GET', path)).json.is_member).toBe(false)
  })

  test('takes back roles on repositories to come', async () => {
    const { admin, ann, ben, path, name } = await newCompany()
    const give = (delegate: string, activating_user?: { name: string }) =>
      admin.call('POST', `${path}/prototypes`, {
        body: { role: 'write', delegate: { name: delegate, kind: 'user' }, activating_user },
      })
    for (const given of [await give(ann.name), await give(ben.name, { name: ann.name })])
      expect(given.status).toBe(200)
    expect((await give(ben.name)).status).toBe(200)
    await admin.call('DELETE', `${path}/members/${ann.name}`)
    const { prototypes } = (await admin.call('GET', `${path}/prototypes`)).json
    expect(prototypes).toMatchObject([{ delegate: { name: ben.name }, activating_user: null }])
    const fresh = await addRepository({ name, admin } as TestOrganization, 'fresh')
    expect((await ann.call('GET', `/api/v1/repository/${fresh}`)).status).toBe(403)
    expect((await ben.call('GET', `/api/v1/repository/${fresh}`)).status).toBe(200)
  })

  test('ends invitations that went to the address', async () => {
    const mailing = await startMailing()
    const { server } = mailing
    const organization = await newOrganization(server)
    const bob = await organization.member('owners')
    await organization.team('builders')
    const invite = (team: string, whom: string) =>
      organization.admin.call('PUT', `${organization.teams}/${team}/${whom}`)
    const asked = [
      await invite('owners', `invite/${bob.name}@example.com`),
      await invite('builders', `invite/${bob.name}@example.com`),
    ]
    expect(asked.map(({ status }) => status)).toEqual([200, 200])
    const { db } = server.deps
    const left = () => db.selectFrom('team_invite').select('id').execute()
    expect((await left()).length).toBeGreaterThan(0)
    await organization.admin.call('DELETE', `${pathOf(organization.name)}/members/${bob.name}`)
    expect(await left()).toEqual([])
  })

  test('does nothing to who is no member, and knows neither robots nor nobody', async () => {
    const { admin, path, user, robot } = await newCompany()
    const remove = (name: string) =>
      outcome(admin.call('DELETE', `${path}/members/${encodeURIComponent(name)}`))
    expect(await remove((await user()).name)).toEqual([204])
    for (const name of [robot.name, 'nobody'])
      expect(await remove(name)).toEqual([404, 'not_found'])
  })

  test('keeps the last administrator, whom neither robots nor disabled users stand in for', async () => {
    const { admin, path, robot, member, name } = await newCompany()
    const { db } = shared().deps
    await db
      .insertInto('team_member')
      .columns(['team_id', 'user_id'])
      .expression((eb) =>
        eb
          .selectFrom('team as t')
          .innerJoin('namespace as n', 'n.id', 't.namespace_id')
          .select(['t.id', eb.val(robot.id).as('user_id')])
          .where('n.name', '=', name)
          .where('t.name', '=', 'owners'),
      )
      .execute()
    const second = await member('owners')
    const disable = (enabled: boolean) =>
      db.updateTable('namespace').set({ enabled }).where('id', '=', second.id).execute()
    const leave = () => outcome(admin.call('DELETE', `${path}/members/${admin.name}`))
    await disable(false)
    expect(await leave()).toEqual([400, 'invalid_request'])
    await disable(true)
    expect(await leave()).toEqual([204])
  })

  test('leaves one of two administrators who remove each other at once', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { admin, member, name } = await newOrganization(shared())
      const second = await member('owners')
      await signInFirst(admin, second)
      const members = `${pathOf(name)}/members`
      const answers = await Promise.all([
        admin.call('DELETE', `${members}/${second.name}`),
        second.call('DELETE', `${members}/${admin.name}`),
      ])
      // The one who came second has lost the right, or is told that nobody would be left.
      const statuses = answers.map(({ status }) => status).toSorted()
      expect(statuses[0]).toBe(204)
      expect([400, 403]).toContain(statuses[1])
    }
  })

  test('leaves one of two administrators who leave at once', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { admin, member, name } = await newOrganization(shared())
      const second = await member('owners')
      await signInFirst(admin, second)
      const members = `${pathOf(name)}/members`
      const answers = await Promise.all(
        [admin, second].map((who) => who.call('DELETE', `${members}/${who.name}`)),
      )
      expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 400])
    }
  })
})

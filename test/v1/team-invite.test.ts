import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { listAudit } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { startMailServer } from '#test/support/mail-server.ts'
import { startServer } from '#test/support/server.ts'
import { shareServer } from '#test/support/shared.ts'
import { mailing, namesIn, newOrganization } from './team-fixture.ts'

const shared = shareServer(mailing)
const refused = [400, 'invalid_request']
const accept = (call: Call, code: string) => call('PUT', `/api/v1/teaminvite/${code}`)
const decline = (call: Call, code: string) => outcome(call('DELETE', `/api/v1/teaminvite/${code}`))
const notifications = async (call: Call) =>
  (await call('GET', '/api/v1/user/notifications?limit=100')).json.notifications as {
    kind: string
    organization: string | null
    metadata: { code: string; team: string; org: string; inviter: string }
  }[]
const codeOf = async (call: Call, index = 0) => (await notifications(call))[index]!.metadata.code

/** Says that an account has confirmed its address, or has not. */
const setVerified = (name: string, isVerified: boolean) =>
  sql`update user_account set is_verified = ${isVerified}
    where namespace_id = (select id from namespace where name = ${name})`.execute(shared().deps.db)

test('an outsider is invited, is told so, and is in the team after accepting', async () => {
  const { team, user, admin, name } = await newOrganization(shared())
  const members = await team('builders')
  const ada = await user()
  const invited = await admin.call('PUT', `${members}/${ada.name}`)
  expect(invited.json).toMatchObject({ name: ada.name, kind: 'user', invited: true })
  expect(namesIn(await admin.call('GET', members))).toEqual([])
  const told = await notifications(ada.call)
  expect(told).toMatchObject([
    {
      kind: 'org_team_invite',
      organization: null,
      metadata: { inviter: admin.name, org: name, team: 'builders' },
    },
  ])
  const { code } = told[0]!.metadata
  expect((await accept(ada.call, code)).json).toEqual({ org: name, team: 'builders' })
  expect(namesIn(await ada.call('GET', members))).toEqual([ada.name])
  expect(await notifications(ada.call)).toEqual([])
  expect(await outcome(accept(ada.call, code))).toEqual(refused)
  const audit = await listAudit(shared(), name)
  expect(audit.slice(1)).toMatchObject([
    {
      kind: 'org_invite_team_member',
      performer: admin.name,
      metadata: { user: ada.name, member: ada.name, team: 'builders' },
    },
    {
      kind: 'org_team_member_invite_accepted',
      performer: ada.name,
      metadata: { member: ada.name, team: 'builders', inviter: admin.name },
    },
  ])
})

test('a mail brings the code, to a user and to an address', async () => {
  const post = await startMailServer()
  const server = await startServer(post.settings)
  const { teams, user, admin } = await newOrganization(server)
  const ada = await user()
  await admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  await server.jobs()
  const invite = await admin.call('PUT', `${teams}/owners/invite/someone@example.com`)
  expect(invite.json).toMatchObject({ email: 'someone@example.com', kind: 'invite', invited: true })
  await server.jobs()
  const [toAda, toSomeone] = post.mails
  const code = await codeOf(ada.call)
  expect(toAda).toMatchObject({
    to: [`${ada.name}@example.com`],
    path: `/confirminvite?code=${code}`,
  })
  expect(toSomeone!.to).toEqual(['someone@example.com'])
  expect(toSomeone!.path).toMatch(/^\/confirminvite\?code=\w{40}$/)
})

test('no code of an invitation can be read in the database', async () => {
  const { teams, user, admin } = await newOrganization(shared())
  const ada = await user()
  await admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  const code = await codeOf(ada.call)
  const { rows } = await sql<{ text: string }>`
    select row_to_json(i)::text as text from team_invite i
    union all select row_to_json(n)::text from user_notification n
    union all select row_to_json(j)::text from graphile_worker._private_jobs j`.execute(
    shared().deps.db,
  )
  expect(rows.length).toBeGreaterThan(2)
  expect(rows.filter(({ text }) => text.includes(code))).toEqual([])
})

test('members of another team, and robots, are added without being asked', async () => {
  const { teams, team, member, admin } = await newOrganization(shared())
  await team('builders')
  const ada = await member('builders')
  const added = await admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  expect(added.json).toMatchObject({ invited: false })
})

test('with FEATURE_REQUIRE_TEAM_INVITE off nobody is asked', async () => {
  const server = await startServer({ ...mailing, FEATURE_REQUIRE_TEAM_INVITE: 'false' })
  const { teams, user, admin } = await newOrganization(server)
  const ada = await user()
  const added = await admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  expect(added.json).toMatchObject({ invited: false })
})

test('administrators who ask see who is invited, by name and by address; others do not', async () => {
  const { teams, team, member, user, admin } = await newOrganization(shared())
  const members = await team('builders')
  const [ada, eve] = [await member('builders'), await user()]
  await admin.call('PUT', `${members}/${eve.name}`)
  await admin.call('PUT', `${teams}/builders/invite/someone@example.com`)
  const pending = `${members}?includePending=true`
  const answer = await admin.call('GET', pending)
  expect(namesIn(answer)).toEqual([ada.name, eve.name, 'someone@example.com'])
  expect(answer.json.members.map(({ invited }: { invited: boolean }) => invited)).toEqual([
    false,
    true,
    true,
  ])
  expect(namesIn(await admin.call('GET', members))).toEqual([ada.name])
  expect(namesIn(await ada.call('GET', pending))).toEqual([ada.name])
})

test('a code works for the user alone whom it names, and an unknown one for nobody', async () => {
  const { teams, user, admin } = await newOrganization(shared())
  const [ada, eve] = [await user(), await user()]
  await admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  const code = await codeOf(ada.call)
  expect(await outcome(accept(eve.call, code))).toEqual(refused)
  expect(await decline(eve.call, code)).toEqual(refused)
  expect(await outcome(accept(ada.call, 'x'.repeat(40)))).toEqual(refused)
  expect(await decline(ada.call, 'x'.repeat(40))).toEqual(refused)
  expect(await outcome(accept(shared().call, code))).toEqual([401, 'invalid_token'])
  expect(await outcome(accept(ada.call, code))).toEqual([200])
})

test('declining ends an invitation, and that one alone', async () => {
  const { teams, team, user, admin, name } = await newOrganization(shared())
  await team('builders')
  const ada = await user()
  await admin.call('PUT', `${teams}/builders/members/${ada.name}`)
  const first = await codeOf(ada.call)
  await admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  expect(await decline(ada.call, first)).toEqual([204])
  expect(await decline(ada.call, first)).toEqual(refused)
  expect((await notifications(ada.call)).map(({ metadata }) => metadata.team)).toEqual(['owners'])
  const audit = await listAudit(shared(), name, 'org_team_member_invite_declined')
  expect(audit).toMatchObject([
    { metadata: { member: ada.name, team: 'builders', inviter: admin.name } },
  ])
})

test('accepting one invitation accepts all of the same organization, and none of another', async () => {
  const { teams, team, user, admin, name } = await newOrganization(shared())
  const other = await newOrganization(shared())
  await team('builders')
  const ada = await user()
  await setVerified(ada.name, true)
  await admin.call('PUT', `${teams}/builders/members/${ada.name}`)
  await admin.call('PUT', `${teams}/owners/invite/${ada.name}@example.com`)
  await other.admin.call('PUT', `${other.teams}/owners/members/${ada.name}`)
  const code = await codeOf(ada.call, 1)
  expect((await accept(ada.call, code)).json).toEqual({ org: name, team: 'builders' })
  expect(namesIn(await admin.call('GET', `${teams}/builders/members`))).toEqual([ada.name])
  expect(namesIn(await admin.call('GET', `${teams}/owners/members`))).toContain(ada.name)
  const left = await notifications(ada.call)
  expect(left.map(({ metadata }) => metadata.org)).toEqual([other.name])
  const audit = await listAudit(shared(), name, 'org_team_member_invite_accepted')
  expect(audit.map(({ metadata }) => metadata.team)).toEqual(['builders', 'owners'])
})

test('an invitation by e-mail is for whoever has confirmed the address, and for nobody else', async () => {
  const post = await startMailServer()
  const server = await startServer(post.settings)
  const { teams, user, admin } = await newOrganization(server)
  const [ada, eve] = [await user(), await user()]
  await admin.call('PUT', `${teams}/owners/invite/${ada.name}@example.com`)
  await server.jobs()
  const code = post.mails.at(-1)!.path.split('=')[1]!
  const setAdaVerified = (isVerified: boolean) =>
    server.deps.db
      .updateTable('user_account')
      .set({ is_verified: isVerified })
      .where('namespace_id', '=', ada.id)
      .execute()
  expect(await outcome(accept(eve.call, code))).toEqual(refused)
  await ada.call('GET', '/api/v1/user/notifications')
  await setAdaVerified(false)
  expect(await outcome(accept(ada.call, code))).toEqual(refused)
  await setAdaVerified(true)
  expect(await outcome(accept(ada.call, code))).toEqual([200])
  expect(namesIn(await admin.call('GET', `${teams}/owners/members`))).toContain(ada.name)
})

test('an invitation that is repeated replaces the code and the notification', async () => {
  const { teams, user, admin } = await newOrganization(shared())
  const ada = await user()
  const invite = () => admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  await invite()
  const first = await codeOf(ada.call)
  await invite()
  expect(await notifications(ada.call)).toHaveLength(1)
  expect(await outcome(accept(ada.call, first))).toEqual(refused)
  expect(await outcome(accept(ada.call, await codeOf(ada.call)))).toEqual([200])
})

test('an invitation that is taken back works no more', async () => {
  const { teams, user, admin, name } = await newOrganization(shared())
  const ada = await user()
  await admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  const code = await codeOf(ada.call)
  const remove = () => outcome(admin.call('DELETE', `${teams}/owners/members/${ada.name}`))
  expect(await remove()).toEqual([204])
  expect(await outcome(accept(ada.call, code))).toEqual(refused)
  expect(await notifications(ada.call)).toEqual([])
  expect(await remove()).toEqual(refused)
  const address = `${teams}/owners/invite/someone@example.com`
  await admin.call('PUT', address)
  expect(await outcome(admin.call('DELETE', address))).toEqual([204])
  expect(await outcome(admin.call('DELETE', address))).toEqual([404, 'not_found'])
  const audit = await listAudit(shared(), name, 'org_delete_team_member_invite')
  expect(audit.map(({ metadata }) => metadata)).toEqual([
    { user: ada.name, member: ada.name, team: 'owners' },
    { email: 'someone@example.com', member: 'someone@example.com', team: 'owners' },
  ])
})

test('an invitation needs a team and an address', async () => {
  const { teams, admin } = await newOrganization(shared())
  const invite = (path: string, method = 'PUT') => outcome(admin.call(method, `${teams}/${path}`))
  expect(await invite('owners/invite/nobody')).toEqual(refused)
  expect(await invite('owners/invite/a@b@example.com')).toEqual(refused)
  expect(await invite('unheard-of/invite/a@example.com')).toEqual([404, 'not_found'])
  expect(await invite('unheard-of/invite/a@example.com', 'DELETE')).toEqual([404, 'not_found'])
})

test('of ten requests that accept one invitation one does', async () => {
  const { teams, user, admin, name } = await newOrganization(shared())
  const ada = await user()
  await admin.call('PUT', `${teams}/owners/members/${ada.name}`)
  const code = await codeOf(ada.call)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => outcome(accept(ada.call, code))),
  )
  expect(answers.filter(([status]) => status === 200)).toHaveLength(1)
  expect(answers.filter(([status]) => status === 400)).toHaveLength(9)
  expect(await listAudit(shared(), name, 'org_team_member_invite_accepted')).toHaveLength(1)
})

test('an invitation that is accepted while it is taken back is one or the other', async () => {
  for (let round = 0; round < 8; round += 1) {
    const { teams, user, admin } = await newOrganization(shared())
    const ada = await user()
    const membership = `${teams}/owners/members/${ada.name}`
    await admin.call('PUT', membership)
    const code = await codeOf(ada.call)
    const [accepted, removed] = await Promise.all([
      outcome(accept(ada.call, code)),
      outcome(admin.call('DELETE', membership)),
    ])
    // When accepting comes first, the removal takes the membership.
    expect(removed).toEqual([204])
    expect([[200], refused]).toContainEqual(accepted)
    expect(namesIn(await admin.call('GET', `${teams}/owners/members`))).toEqual([admin.name])
  }
})

test('a registry without mail invites nobody by e-mail and takes no code', async () => {
  const server = await startServer()
  const { teams, admin } = await newOrganization(server)
  const off = [404, 'not_found']
  const address = `${teams}/owners/invite/someone@example.com`
  expect(await outcome(admin.call('PUT', address))).toEqual(off)
  expect(await outcome(admin.call('DELETE', address))).toEqual(off)
  expect(await outcome(accept(admin.call, 'x'))).toEqual(off)
  expect(await decline(admin.call, 'x')).toEqual(off)
})

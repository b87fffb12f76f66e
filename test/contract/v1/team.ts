import type { Fixture, Fixtures } from '../fixture.ts'
import { inviteSomebody } from './invited.ts'

/** The team `owners` of an organization, asked about by its administrator. */
const owners =
  (path: Record<string, string> = {}, body?: object): Fixture =>
  async (world) => {
    const { name: orgname } = await world.organization()
    const headers = world.as(world.people.keeper)
    return { path: { orgname, teamname: 'owners', ...path }, headers, body }
  }
const address = { email: 'somebody@example.com' }

/** The same on the server that sends mails. */
const byMail: Fixture = async (world, wanted) => ({
  ...(await owners(address)(world, wanted)),
  server: 'mailing',
})

/** A team that nobody is in, and that may go. */
const builders: Fixture = async (world, wanted) => {
  const sent = await owners({ teamname: 'builders' })(world, wanted)
  await world.call('PUT', `/api/v1/organization/${sent.path!.orgname}/team/builders`, {
    headers: sent.headers!,
    body: { role: 'member' },
  })
  return sent
}

/** Somebody who is in that team. */
const withMember: Fixture = async (world, wanted) => {
  const sent = await builders(world, wanted)
  const { name: membername } = world.people.stranger
  const { orgname } = sent.path!
  const team = `/api/v1/organization/${orgname}/team/builders`
  await world.call('PUT', `${team}/members/${membername}`, { headers: sent.headers! })
  return { ...sent, path: { ...sent.path, membername } }
}

/** An address that is invited. */
const withAddress: Fixture = async (world, wanted) => {
  const sent = await byMail(world, wanted)
  const team = `/api/v1/organization/${sent.path!.orgname}/team/owners`
  await world.mail('PUT', `${team}/invite/${address.email}`, { headers: sent.headers! })
  return sent
}

/** Somebody who is invited, with the code. */
const withCode: Fixture = async (world) => {
  const { person, code } = await inviteSomebody(world)
  return { server: 'mailing', path: { code }, headers: world.as(person) }
}

/** On `main`, which sends no mails. */
const withoutMail: Fixture = (world) => ({
  path: { code: 'any' },
  headers: world.as(world.people.keeper),
})

/** The form of the page of an invitation. */
const onPage =
  (server: 'mailing' | 'main', form: Record<string, string> = {}): Fixture =>
  async (world, wanted) => {
    const { person, code } = await inviteSomebody(world)
    const accept = wanted.responseType === 'text/html' ? 'text/html' : 'application/json'
    const type = 'application/x-www-form-urlencoded'
    const body = String(new URLSearchParams({ code, answer: 'accept', ...form }))
    return { server, headers: { ...world.as(person), accept, 'content-type': type }, body }
  }
const withoutHeader =
  (name: string): Fixture =>
  async (world, wanted) => {
    const { headers, ...sent } = await onPage('mailing')(world, wanted)
    const others = Object.entries(headers ?? {}).filter(([key]) => key !== name)
    return { ...sent, headers: Object.fromEntries(others) }
  }

/** Teams and invitations. */
export const team: Fixtures = {
  'updateOrganizationTeam 200': owners({ teamname: 'makers' }, { role: 'creator' }),
  'deleteOrganizationTeam 204': builders,
  'getOrganizationTeamMembers 200': owners(),
  'updateOrganizationTeamMember 200': (world, wanted) =>
    owners({ membername: world.people.stranger.name })(world, wanted),
  'deleteOrganizationTeamMember 204': withMember,
  'inviteTeamMemberEmail 200': byMail,
  'deleteTeamMemberEmailInvite 204': withAddress,
  'getOrganizationTeamPermissions 200': owners(),
  'acceptOrganizationTeamInvite 200': withCode,
  'acceptOrganizationTeamInvite 404': withoutMail,
  'declineOrganizationTeamInvite 204': withCode,
  'declineOrganizationTeamInvite 404': withoutMail,
  'showInvitePage 200': (world) => ({
    server: 'mailing',
    query: { code: 'unknown' },
    headers: world.as(world.people.keeper),
  }),
  'showInvitePage 404': () => ({ query: { code: 'unknown' } }),
  'answerInviteOnPage 200': onPage('mailing'),
  'answerInviteOnPage 400': onPage('mailing', { code: 'unknown' }),
  'answerInviteOnPage 401': withoutHeader('cookie'),
  'answerInviteOnPage 403': withoutHeader('x-csrf-token'),
  'answerInviteOnPage 404': onPage('main'),
}

import type { Fixture, Fixtures } from '../fixture.ts'

const asWarden: Fixture = (world) => ({ headers: world.as(world.people.warden) })
const switchedOff: Fixture = () => ({ server: 'bare' })

const onUser =
  (body?: object): Fixture =>
  async (world, wanted) => {
    const { name: username } = await world.person()
    return { ...(await asWarden(world, wanted)), path: { username }, body }
  }
const onNobody =
  (body?: object): Fixture =>
  (world) => ({
    headers: world.as(world.people.warden),
    path: { username: world.name() },
    body,
  })
/** With a server that sends mails. */
const mailing =
  (fixture: Fixture): Fixture =>
  async (world, wanted) => ({ ...(await fixture(world, wanted)), server: 'mailing' })
const onOrganization =
  (parameter: string): Fixture =>
  async (world) => ({
    headers: world.as(world.people.warden),
    path: { [parameter]: (await world.organization()).name },
  })
const onNothing =
  (parameter: string): Fixture =>
  (world) => ({ headers: world.as(world.people.warden), path: { [parameter]: world.name() } })

/** What superusers do with accounts and organizations. */
export const superuser: Fixtures = {
  'listAllUsers 200': asWarden,
  'listAllUsers 404': switchedOff,
  'createInstallUser 200': (world) => {
    const username = world.name()
    const body = { username, email: `${username}@example.com` }
    return { headers: world.as(world.people.warden), body }
  },
  'createInstallUser 404': switchedOff,
  'getInstallUser 200': onUser(),
  'getInstallUser 404': onNobody(),
  'changeInstallUser 200': onUser({ enabled: false }),
  'changeInstallUser 404': onNobody({ enabled: false }),
  'deleteInstallUser 204': onUser(),
  'deleteInstallUser 404': onNobody(),
  'sendInstallUserRecoveryEmail 200': mailing(onUser()),
  'sendInstallUserRecoveryEmail 404': mailing(onNobody()),
  'listAllOrganizations 200': asWarden,
  'listAllOrganizations 404': switchedOff,
  'changeOrganization 200': async (world, wanted) => ({
    ...(await onOrganization('name')(world, wanted)),
    body: { name: world.name() },
  }),
  'changeOrganization 404': switchedOff,
  'deleteOrganization 204': onOrganization('name'),
  'deleteOrganization 404': onNothing('name'),
  'takeOwnership 200': onOrganization('namespace'),
  'takeOwnership 404': onNothing('namespace'),
  'getSuperUserConfig 200': asWarden,
  'getSuperUserConfig 404': switchedOff,
}

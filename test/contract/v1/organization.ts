import type { Fixture, Fixtures } from '../fixture.ts'

/** An organization, asked about by its administrator. */
const acme =
  (path: Record<string, string> = {}, body?: object): Fixture =>
  async (world) => {
    const { name: orgname } = await world.organization()
    return { path: { orgname, ...path }, headers: world.as(world.people.keeper), body }
  }
const keeper: Fixture = (world, wanted) =>
  acme({ membername: world.people.keeper.name })(world, wanted)

/** Organizations and who is in them. */
export const organization: Fixtures = {
  'createOrganization 201': (world) => ({
    headers: world.as(world.people.keeper),
    body: { name: world.name() },
  }),
  'getOrganization 200': acme(),
  'getOrganization 401': (world) => ({ server: 'closed', path: { orgname: world.name() } }),
  'changeOrganizationDetails 200': acme({}, { invoice_email: true }),
  'deleteAdminedOrganization 204': acme(),
  'getOrganizationCollaborators 200': acme(),
  'getOrganizationMembers 200': acme(),
  'getOrganizationMember 200': keeper,
  'removeOrganizationMember 204': (world, wanted) =>
    acme({ membername: world.people.stranger.name })(world, wanted),
  'removeOrganizationMember 400': keeper,
}

import type { Sent, Fixture, Fixtures } from '../fixture.ts'
import type { World } from '../world.ts'

const body = { role: 'write', delegate: { name: 'owners', kind: 'team' } }

/** An organization of the keeper without default permissions. */
async function inOrganization(world: World): Promise<Sent> {
  const { name: orgname } = await world.organization()
  return { path: { orgname }, headers: world.as(world.people.keeper) }
}

/** One with a default permission for its team. */
async function onOne(world: World): Promise<Sent> {
  const sent = await inOrganization(world)
  const { orgname } = sent.path!
  const made = await world.call('POST', `/api/v1/organization/${orgname}/prototypes`, {
    headers: world.as(world.people.keeper),
    body,
  })
  return { ...sent, path: { ...sent.path, prototypeid: made.json.id } }
}

const missing =
  (more: Sent = {}): Fixture =>
  async (world) => {
    const sent = await inOrganization(world)
    const prototypeid = '00000000-0000-4000-8000-000000000000'
    return { ...sent, ...more, path: { ...sent.path, prototypeid } }
  }

/** Default permissions. */
export const defaultPermission: Fixtures = {
  'getOrganizationPrototypePermissions 200': onOne,
  'createOrganizationPrototypePermission 200': async (world) => ({
    ...(await inOrganization(world)),
    body,
  }),
  'updateOrganizationPrototypePermission 200': async (world) => ({
    ...(await onOne(world)),
    body: { role: 'read' },
  }),
  'updateOrganizationPrototypePermission 404': missing({ body: { role: 'read' } }),
  'deleteOrganizationPrototypePermission 204': onOne,
  'deleteOrganizationPrototypePermission 404': missing(),
}

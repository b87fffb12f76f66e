import { makeCall } from '#test/support/client.ts'
import type { Fixture, Fixtures } from '../fixture.ts'
import type { World } from '../world.ts'

/** An application of a new organization of the keeper, with a token. */
export async function makeApplication(world: World) {
  const { name: orgname } = await world.organization()
  const call = makeCall(world.servers.main, () => world.as(world.people.keeper))
  const list = `/api/v1/organization/${orgname}/applications`
  const body = { name: world.name(), redirect_uri: 'https://app.example.com/callback' }
  const application = (await call('POST', list, { body })).json
  const { client_id: clientId, client_secret: clientSecret } = application
  const wanted = { body: { name: world.name(), scope: 'user:read' } }
  const token = (await call('POST', `${list}/${clientId}/tokens`, wanted)).json
  return { orgname, clientId, clientSecret: clientSecret as string, token }
}

const ofOrganization: Fixture = async (world) => ({
  path: { orgname: (await world.organization()).name },
  headers: world.as(world.people.keeper),
})

const ofApplication: Fixture = async (world) => {
  const { orgname, clientId, token } = await makeApplication(world)
  const path = { orgname, client_id: clientId, token_uuid: token.uuid }
  return { path, headers: world.as(world.people.keeper) }
}

const ofAuthorization: Fixture = async (world) => {
  const { token } = await makeApplication(world)
  return { path: { access_token_uuid: token.uuid }, headers: world.as(world.people.keeper) }
}

/** The warden may enter every organization, so that one that is missing is told. */
const missingOrganization: Fixture = (world) => ({
  path: { orgname: world.name() },
  headers: world.as(world.people.warden),
})

const missingApplication: Fixture = async (world) => ({
  path: { orgname: (await world.organization()).name, client_id: world.name() },
  headers: world.as(world.people.keeper),
})

const weakToken: Fixture = async (world) => {
  const { token } = await makeApplication(world)
  return {
    path: { access_token_uuid: token.uuid },
    headers: { authorization: `Bearer ${token.token}` },
  }
}

/** OAuth applications, their tokens, and what acts as somebody. */
export const application: Fixtures = {
  async 'getApplicationInformation 200'(world) {
    return { path: { client_id: (await makeApplication(world)).clientId } }
  },
  'getApplicationInformation 404': (world) => ({ path: { client_id: world.name() } }),
  'getOrganizationApplications 200': ofOrganization,
  'getOrganizationApplications 404': missingOrganization,
  'createOrganizationApplication 200': ofOrganization,
  'createOrganizationApplication 404': missingOrganization,
  'getOrganizationApplication 200': ofApplication,
  'getOrganizationApplication 404': missingApplication,
  'updateOrganizationApplication 200': ofApplication,
  'updateOrganizationApplication 404': missingApplication,
  'deleteOrganizationApplication 204': ofApplication,
  'deleteOrganizationApplication 404': missingApplication,
  'resetOrganizationApplicationClientSecret 200': ofApplication,
  'resetOrganizationApplicationClientSecret 404': missingApplication,
  'listOrganizationApplicationTokens 200': ofApplication,
  'listOrganizationApplicationTokens 404': missingApplication,
  'createOrganizationApplicationToken 200': ofApplication,
  'createOrganizationApplicationToken 404': missingApplication,
  'deleteOrganizationApplicationToken 204': ofApplication,
  'deleteOrganizationApplicationToken 404': missingApplication,
  'listUserAuthorizations 200': (world) => ({ headers: world.as(world.people.keeper) }),
  'listUserAuthorizations 403': weakToken,
  'getUserAuthorization 200': ofAuthorization,
  'getUserAuthorization 403': weakToken,
  'getUserAuthorization 404': (world) => ({ headers: world.as(world.people.keeper) }),
  'deleteUserAuthorization 204': ofAuthorization,
  'deleteUserAuthorization 403': weakToken,
  'deleteUserAuthorization 404': (world) => ({ headers: world.as(world.people.keeper) }),
}

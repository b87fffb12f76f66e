import { startIssuer } from '#test/support/issuer.ts'
import { basicAuth } from '#test/support/machine.ts'
import type { Fixture, Fixtures } from '../fixture.ts'
import type { World } from '../world.ts'

const federation = [{ issuer: 'https://ci.example.com', subject: 'repo:acme/nginx' }]

/** A call on a robot of the keeper, which is not there yet. */
const onNew =
  (body?: unknown): Fixture =>
  (world) => ({
    path: { robot_shortname: world.name() },
    headers: world.as(world.people.keeper),
    body,
  })

/** The same for an organization of the keeper. */
const onNewOfOrganization =
  (body?: unknown): Fixture =>
  async (world) => ({
    path: { orgname: (await world.organization()).name, robot_shortname: world.name() },
    headers: world.as(world.people.keeper),
    body,
  })

async function make(world: World, path: string): Promise<void> {
  const headers = world.as(world.people.keeper)
  const answer = await world.call('PUT', path, { headers })
  if (answer.status !== 201) throw new Error(`no robot was made: ${answer.text}`)
}

/** A call on a robot of the keeper. */
const onRobot =
  (body?: unknown): Fixture =>
  async (world, wanted) => {
    const sent = await onNew(body)(world, wanted)
    await make(world, `/api/v1/user/robots/${sent.path!.robot_shortname}`)
    return sent
  }

/** A call on a robot of an organization. */
const onRobotOfOrganization =
  (body?: unknown): Fixture =>
  async (world, wanted) => {
    const sent = await onNewOfOrganization(body)(world, wanted)
    const { orgname, robot_shortname: short } = sent.path!
    await make(world, `/api/v1/organization/${orgname}/robots/${short}`)
    return sent
  }

/** A token of an issuer that stands for a robot of the keeper. */
const exchange: Fixture = async (world, wanted) => {
  const { path } = await onRobot()(world, wanted)
  const issuer = await startIssuer()
  world.afterwards(() => issuer.close())
  const short = path!.robot_shortname!
  const answer = await world.call('POST', `/api/v1/user/robots/${short}/federation`, {
    headers: world.as(world.people.keeper),
    body: [{ issuer: issuer.url, subject: 'job' }],
  })
  if (answer.status !== 200) throw new Error(`no issuer was named: ${answer.text}`)
  const token = issuer.sign({ sub: 'job', aud: new URL(world.servers.main).host })
  return { headers: basicAuth(`${world.people.keeper.name}+${short}`, token) }
}

/** Robot accounts. */
export const robot: Fixtures = {
  'getUserRobots 200': (world) => ({ headers: world.as(world.people.keeper) }),
  'getUserRobot 200': onRobot(),
  'createUserRobot 201': onNew({ description: 'Deploys' }),
  'deleteUserRobot 204': onRobot(),
  'regenerateUserRobotToken 200': onRobot(),
  'getUserRobotPermissions 200': onRobot(),
  'getUserRobotFederation 200': onRobot(),
  'createUserRobotFederation 200': onRobot(federation),
  'deleteUserRobotFederation 204': onRobot(),
  'getOrgRobots 200': async (world) => ({
    path: { orgname: (await world.organization()).name },
    headers: world.as(world.people.keeper),
  }),
  'getOrgRobot 200': onRobotOfOrganization(),
  'createOrgRobot 201': onNewOfOrganization({ description: 'Deploys' }),
  'deleteOrgRobot 204': onRobotOfOrganization(),
  'regenerateOrgRobotToken 200': onRobotOfOrganization(),
  'getOrgRobotPermissions 200': onRobotOfOrganization(),
  'getOrgRobotFederation 200': onRobotOfOrganization(),
  'createOrgRobotFederation 200': onRobotOfOrganization(federation),
  'deleteOrgRobotFederation 204': onRobotOfOrganization(),
  'robotFederationToken 200': exchange,
}

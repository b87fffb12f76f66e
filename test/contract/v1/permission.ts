import type { Fixture, Fixtures } from '../fixture.ts'
import type { World } from '../world.ts'

/** A repository on which the stranger and the keeper's robot have no role yet. */
const onRepository =
  (body?: object): Fixture =>
  async (world) => {
    const { name: repository } = await world.repository()
    const path = { repository, username: world.people.stranger.name }
    return { path, headers: world.as(world.people.keeper), body }
  }

async function give(world: World, repository: string, to: string): Promise<void> {
  const answer = await world.call('PUT', `/api/v1/repository/${repository}/permissions/${to}`, {
    headers: world.as(world.people.keeper),
    body: { role: 'write' },
  })
  if (answer.status !== 200) throw new Error(`${to} has no role: ${answer.text}`)
}

/** The same, after the stranger was given a role. */
const withRole: Fixture = async (world, wanted) => {
  const sent = await onRepository()(world, wanted)
  await give(world, sent.path!.repository!, `user/${world.people.stranger.name}`)
  return sent
}

/** A repository of an organization, whose only team is `owners`. */
const onTeam =
  (body?: object): Fixture =>
  async (world) => {
    const { repository } = await world.organization()
    const path = { repository, teamname: 'owners' }
    return { path, headers: world.as(world.people.keeper), body }
  }

const withTeamRole: Fixture = async (world, wanted) => {
  const sent = await onTeam()(world, wanted)
  await give(world, sent.path!.repository!, 'team/owners')
  return sent
}

/** Who may do what on a repository. */
export const permission: Fixtures = {
  'listRepoUserPermissions 200': onRepository(),
  'getUserPermissions 200': withRole,
  'changeUserPermissions 200': onRepository({ role: 'write' }),
  'deleteUserPermissions 204': withRole,
  'getUserTransitivePermission 200': withRole,
  'listRepoTeamPermissions 200': onRepository(),
  'getTeamPermissions 200': withTeamRole,
  'changeTeamPermissions 200': onTeam({ role: 'write' }),
  'deleteTeamPermissions 204': withTeamRole,
}

import type { Fixture, Fixtures } from '../fixture.ts'

const list: Fixture = (world) => ({ headers: world.as(world.people.keeper) })

/** The names of one of the keeper's repositories. */
const target: Fixture = async (world) => {
  const { name } = await world.repository()
  const [namespace, repository] = name.split('/') as [string, string]
  return { headers: world.as(world.people.keeper), body: { namespace, repository } }
}

/** Stars. */
export const star: Fixtures = {
  'listStarredRepos 200': async (world, wanted) => {
    const sent = await target(world, wanted)
    await world.call('POST', '/api/v1/user/starred', sent as object)
    return list(world, wanted)
  },
  'createStar 201': target,
  'createStar 404': (world) => ({
    headers: world.as(world.people.keeper),
    body: { namespace: world.people.keeper.name, repository: world.name() },
  }),
  'deleteStar 204': async (world) => ({
    path: { repository: (await world.repository()).name },
    headers: world.as(world.people.keeper),
  }),
}

import type { Fixture, Fixtures } from '../fixture.ts'

const withRepository =
  (body?: object): Fixture =>
  async (world) => {
    const { name: repository } = await world.repository()
    return { path: { repository }, headers: world.as(world.people.keeper), body }
  }

/** Repositories. */
export const repository: Fixtures = {
  'listRepos 200': async (world) => {
    await world.repository()
    const { keeper } = world.people
    return { query: { namespace: keeper.name, last_modified: 'true' }, headers: world.as(keeper) }
  },
  'listRepos 400': (world) => ({ headers: world.as(world.people.keeper) }),
  'createRepo 201': (world) => ({
    headers: world.as(world.people.keeper),
    body: {
      namespace: world.people.keeper.name,
      repository: world.name(),
      visibility: 'private',
      description: 'Web server',
      repo_kind: 'image',
    },
  }),
  'getRepo 200': withRepository(),
  'updateRepo 200': withRepository({ description: 'Web server' }),
  'deleteRepository 204': withRepository(),
  'changeRepoVisibility 200': withRepository({ visibility: 'public' }),
  'changeRepoState 200': withRepository({ state: 'READ_ONLY' }),
}

import type { Fixtures } from '../fixture.ts'

/** Search for people and teams. */
export const entity: Fixtures = {
  'getMatchingEntities 200': async (world) => {
    const { name: namespace } = await world.organization()
    return {
      path: { prefix: 'own' },
      query: { namespace, includeTeams: 'true', includeOrgs: 'true' },
      headers: world.as(world.people.keeper),
    }
  },
}

import type { Fixtures } from '../fixture.ts'

const message = { content: 'Maintenance', severity: 'info', media_type: 'text/plain' }

/** Messages for everybody. */
export const globalMessage: Fixtures = {
  'getGlobalMessages 200': () => ({}),
  'createGlobalMessage 201': (world) => ({
    headers: world.as(world.people.warden),
    body: { message },
  }),
  'createGlobalMessage 404': () => ({ server: 'bare', body: { message } }),
  'deleteGlobalMessage 204': (world) => ({ headers: world.as(world.people.warden) }),
  'deleteGlobalMessage 404': () => ({ server: 'bare' }),
}

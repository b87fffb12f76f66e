import type { Fixture, Fixtures } from '../fixture.ts'

const list: Fixture = (world) => ({ headers: world.as(world.people.keeper) })

/** The keeper's new token. */
const item: Fixture = async (world) => {
  const headers = world.as(world.people.keeper)
  const body = { title: world.name() }
  const { json } = await world.call('POST', '/api/v1/user/apptoken', { headers, body })
  return { path: { token_uuid: json.token.uuid }, headers }
}

const missing: Fixture = (world) => ({
  path: { token_uuid: '00000000-0000-4000-8000-000000000000' },
  headers: world.as(world.people.keeper),
})

/** App tokens. */
export const appToken: Fixtures = {
  'listAppTokens 200': list,
  'listAppTokens 404': () => ({ server: 'bare' }),
  'createAppToken 200': (world) => ({
    headers: world.as(world.people.keeper),
    body: { title: world.name() },
  }),
  'createAppToken 404': () => ({ server: 'bare', body: { title: 'laptop' } }),
  'getAppToken 200': item,
  'getAppToken 404': missing,
  'revokeAppToken 204': item,
  'revokeAppToken 404': missing,
  'listAllAppTokens 200': (world) => ({ headers: world.as(world.people.warden) }),
  'listAllAppTokens 404': () => ({ server: 'bare' }),
}

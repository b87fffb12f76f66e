import type { Fixture, Fixtures } from '../fixture.ts'

const issue: Fixture = (world) => ({
  query: { scope: [`repository:${world.people.keeper.name}/any:pull,push`], offline_token: 'true' },
  headers: world.basic(world.people.keeper),
})
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
const exchange: Fixture = ({ people, servers }) => ({
  body: form({
    grant_type: 'password',
    service: new URL(servers.main).host,
    client_id: 'contract-test',
    access_type: 'offline',
    scope: `repository:${people.keeper.name}/any:pull,push`,
    username: people.keeper.name,
    password: people.keeper.password,
  }),
})

/** The first calls of every client, and the token service. */
export const token: Fixtures = {
  'checkApi 200': async (world) => ({ headers: await world.token(world.people.keeper) }),
  'discoverExtensions 200': () => ({}),
  'issueToken 200': issue,
  'issueToken 400': (world) => ({
    query: { service: 'registry.elsewhere' },
    headers: world.basic(world.people.keeper),
  }),
  'issueToken 401': (world) => ({
    headers: world.basic({ ...world.people.keeper, name: world.name() }),
  }),
  'issueToken 429': async (world) => ({ headers: world.basic(await world.lockedPerson()) }),
  'exchangeToken 200': exchange,
  'exchangeToken 400': () => ({ body: form({ grant_type: 'client_credentials' }) }),
  async 'exchangeToken 429'(world) {
    const { name: username, password } = await world.lockedPerson()
    return { body: form({ grant_type: 'password', username, password }) }
  },
  async 'listCatalog 200'(world) {
    await world.repository()
    return { headers: await world.token(world.people.keeper), query: { n: '1' } }
  },
}

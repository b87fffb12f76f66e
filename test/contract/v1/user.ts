import type { Fixture, Fixtures } from '../fixture.ts'
import type { Person } from '../stage.ts'
import type { World } from '../world.ts'

const accountOf = (world: World) => {
  const username = world.name()
  return { username, password: 'correct-horse-battery', email: `${username}@example.com` }
}
const signUp: Fixture = async (world) => ({
  headers: await world.visitor(),
  body: accountOf(world),
})
const change: Fixture = async (world) => ({
  headers: world.as(await world.person()),
  body: { password: 'another-correct-horse' },
})

const administrator = ({ name, password }: Person) => ({ adminUser: name, adminPassword: password })

/** Accounts. */
export const user: Fixtures = {
  'getLoggedInUser 200': (world) => ({ headers: world.as(world.people.keeper) }),
  'createNewUser 200': signUp,
  'createNewUser 401': async (world) => ({
    server: 'closed',
    headers: await world.visitor('closed'),
    body: accountOf(world),
  }),
  'createNewUser 403': (world) => ({ body: accountOf(world) }),
  'createNewUser 404': async (world) => ({
    server: 'bare',
    headers: await world.visitor('bare'),
    body: accountOf(world),
  }),
  'changeUserDetails 200': change,
  'changeUserDetails 403': async (world) => ({
    headers: { cookie: world.people.keeper.cookie },
    body: { email: 'new@example.com' },
  }),
  'deleteCurrentUser 204': async (world) => ({ headers: world.as(await world.person()) }),
  'convertUserToOrganization 200': async (world) => ({
    headers: world.as(await world.person()),
    body: administrator(world.people.keeper),
  }),
  'convertUserToOrganization 429': async (world) => ({
    headers: world.as(await world.person()),
    body: administrator(await world.lockedPerson()),
  }),
  'initializeUser 200': (world) => ({
    server: 'closed',
    body: { ...accountOf(world), access_token: true },
  }),
  'initializeUser 400': (world) => ({ body: accountOf(world) }),
  'initializeUser 404': (world) => ({ server: 'bare', body: accountOf(world) }),
  'getUserInformation 200': (world) => ({
    path: { username: world.people.keeper.name },
    headers: world.as(world.people.keeper),
  }),
  'getUserInformation 404': (world) => ({ path: { username: world.name() } }),
}

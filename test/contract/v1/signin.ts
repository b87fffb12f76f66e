import type { Fixture, Fixtures } from '../fixture.ts'

const withoutCsrfToken = ({ cookie }: { cookie: string }) => ({ cookie })

const signIn: Fixture = async (world) => {
  const { name: username, password } = world.people.keeper
  return { headers: await world.visitor(), body: { username, password } }
}
const verify: Fixture = async (world) => {
  const person = await world.person()
  return { headers: world.as(person), body: { password: person.password } }
}

/** Signing in and out. */
export const signin: Fixtures = {
  'signinUser 200': signIn,
  'signinUser 403': async (world) => ({
    headers: await world.visitor(),
    body: { username: world.name(), password: 'whatever it is' },
  }),
  'signinUser 404': async (world, wanted) => ({
    ...(await signIn(world, wanted)),
    server: 'bare',
    headers: await world.visitor('bare'),
  }),
  async 'signinUser 429'(world) {
    const { name: username, password } = await world.lockedPerson()
    return { headers: await world.visitor(), body: { username, password } }
  },
  'verifyUser 200': verify,
  'verifyUser 403': async (world, wanted) => ({
    ...(await verify(world, wanted)),
    body: { password: 'a wrong password' },
  }),
  async 'verifyUser 429'(world) {
    const person = await world.lockedPerson()
    return { headers: world.as(person), body: { password: person.password } }
  },
  'logout 200': async (world) => ({ headers: world.as(await world.person()) }),
  'logout 401': async (world) => ({ server: 'closed', headers: await world.visitor('closed') }),
  'logout 403': (world) => ({ headers: withoutCsrfToken(world.people.keeper) }),
}

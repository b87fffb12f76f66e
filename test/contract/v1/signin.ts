import type { Fixture, Fixtures } from '../fixture.ts'

/** Credentials that the management API does not take. */
export const basic = { headers: { authorization: `Basic ${btoa('a:b')}` } }

const withoutCsrfToken = ({ cookie }: { cookie: string }) => ({ cookie })

const signIn: Fixture = async (world) => {
  const { name: username, password } = world.people.keeper
  return { headers: await world.visitor(), body: { username, password } }
}
const verify: Fixture = async (world) => {
  const person = await world.person()
  return { headers: world.as(person), body: { password: person.password } }
}

const askForService: Fixture = async (world) => ({
  headers: await world.visitor(),
  body: { kind: 'login' },
})

/** Signing in and out. */
export const signin: Fixtures = {
  'signinUser 200': signIn,
  'signinUser 401': async (world, wanted) => ({ ...(await signIn(world, wanted)), ...basic }),
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
  'retrieveExternalLoginAuthorizationUrl 400': askForService,
  'retrieveExternalLoginAuthorizationUrl 401': () => ({ ...basic, body: { kind: 'login' } }),
  'retrieveExternalLoginAuthorizationUrl 403': () => ({ body: { kind: 'login' } }),
  'retrieveExternalLoginAuthorizationUrl 408': async (world, wanted) => ({
    ...(await askForService(world, wanted)),
    server: 'hasty',
    unfinished: true,
  }),
  'retrieveExternalLoginAuthorizationUrl 413': async (world, wanted) => ({
    ...(await askForService(world, wanted)),
    body: 'x'.repeat(1_048_577),
  }),
  async 'retrieveExternalLoginAuthorizationUrl 415'(world, wanted) {
    const sent = await askForService(world, wanted)
    return { ...sent, headers: { ...sent.headers, 'content-type': 'text/plain' } }
  },
  'retrieveExternalLoginAuthorizationUrl 503': (world) => ({
    server: 'down',
    headers: world.as(world.people.keeper),
    body: { kind: 'login' },
  }),
  'logout 200': async (world) => ({ headers: world.as(await world.person()) }),
  'logout 401': async (world) => ({ server: 'closed', headers: await world.visitor('closed') }),
  'logout 403': (world) => ({ headers: withoutCsrfToken(world.people.keeper) }),
}

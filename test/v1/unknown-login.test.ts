import * as argon2 from '@node-rs/argon2'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { cleanUp } from '#services/clean-up.ts'
import { makeOrganization, mintToken, setEnabled, withSession } from '#test/support/account.ts'
import type { Answer } from '#test/support/client.ts'
import { basicAuth, makeRobot, mintAppToken } from '#test/support/machine.ts'
import { passwordOf, startServer, type TestServer } from '#test/support/server.ts'
import { watchStatements } from '#test/support/statements.ts'
import { newSession } from './signin-fixture.ts'

vi.mock(import('@node-rs/argon2'), { spy: true })

// Time stands still but for what a test advances: how long somebody waits must not depend on how busy the machine is.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** Logins of every kind that there is, and last of kinds that there are not. */
const logins = {
  name: 'ada',
  address: 'eve@example.com',
  disabled: 'disabled',
  unconfirmed: 'unconfirmed',
  withoutPassword: 'sso',
  organization: 'acme',
  deleted: 'gone',
  missing: 'nobody',
  missingAddress: 'nobody@example.com',
}

async function startWithPeople(): Promise<TestServer> {
  const server = await startServer()
  for (const name of ['ada', 'eve', 'disabled', 'unconfirmed', 'sso', 'gone'])
    await server.user(name)
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const { db } = server.deps
  await setEnabled(server, 'disabled', false)
  const idOf = (name: string) => db.selectFrom('namespace').select('id').where('name', '=', name)
  await db
    .updateTable('user_account')
    .set({ is_verified: false })
    .where('namespace_id', '=', idOf('unconfirmed'))
    .execute()
  await db
    .updateTable('user_account')
    .set({ password_hash: null })
    .where('namespace_id', '=', idOf('sso'))
    .execute()
  await server.as('gone')('DELETE', '/api/v1/user/')
  return server
}

/** What somebody outside sees of an attempt, and what it costs inside. */
async function observe(attempt: () => Promise<Answer>) {
  vi.mocked(argon2.verify).mockClear()
  const { answer, statements } = await watchStatements(attempt)
  return {
    status: answer.status,
    text: answer.text,
    retryAfter: answer.headers.get('retry-after'),
    challenge: answer.headers.get('www-authenticate'),
    statements: statements.length,
    verifications: vi.mocked(argon2.verify).mock.calls.length,
  }
}

const faces = {
  'a sign-in': async (server: TestServer) => {
    const call = withSession(server, await newSession(server.call))
    return (username: string) =>
      call('POST', '/api/v1/signin', { body: { username, password: 'wrong' } })
  },
  'a login of docker': async (server: TestServer) => (login: string) =>
    server.call('GET', '/v2/auth', { headers: basicAuth(login, 'wrong') }),
}

test.for(Object.entries(faces))(
  '%s tells nobody which accounts there are: every login is refused, waits and costs alike',
  async ([, open]) => {
    const server = await startWithPeople()
    const attempt = await open(server)
    await attempt('warm')
    const seen: Record<string, unknown> = {}
    for (const [kind, login] of Object.entries(logins)) {
      const rounds = []
      for (const seconds of [0, 1, 0, 2]) {
        server.clock.advance(seconds)
        rounds.push(await observe(() => attempt(login)))
      }
      seen[kind] = rounds
    }
    const { name } = seen as { name: Awaited<ReturnType<typeof observe>>[] }
    expect(name.map(({ status }) => status === 429)).toEqual([false, false, true, false])
    expect(name.map(({ verifications }) => verifications)).toEqual([1, 1, 0, 1])
    expect(seen).toEqual(Object.fromEntries(Object.keys(logins).map((kind) => [kind, name])))
  },
)

test('guesses made at once are counted one by one, for whatever login', async () => {
  const server = await startWithPeople()
  const attempt = await faces['a sign-in'](server)
  const statusesOf = async (login: string) => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => attempt(login)))
    return answers.map(({ status }) => status).toSorted()
  }
  for (const login of ['ada', 'nobody', 'ada@example.com', 'nobody@example.com'])
    expect(await statusesOf(login)).toEqual([403, 429, 429, 429, 429])
})

const docker = (server: TestServer, login: string, secret: string) =>
  server.call('GET', '/v2/auth', { headers: basicAuth(login, secret) })

/** Guesses until even the right password has to wait for seconds. */
async function lock(server: TestServer, login: string) {
  for (const seconds of [1, 2, 4, 0]) {
    expect((await docker(server, login, 'wrong')).status).toBe(401)
    server.clock.advance(seconds)
  }
}

test.for([
  ['ada', 'ada@example.com'],
  ['ada@example.com', 'ada'],
] as const)(
  'who locks %s out does not learn that %s is the same account',
  async ([locked, other]) => {
    const server = await startWithPeople()
    await lock(server, locked)
    expect((await docker(server, locked, passwordOf('ada'))).status).toBe(429)
    const stranger = await observe(() => docker(server, 'nobody@example.com', 'wrong'))
    expect(await observe(() => docker(server, other, 'wrong'))).toEqual(stranger)
    server.clock.advance(1)
    expect((await docker(server, other, passwordOf('ada'))).status).toBe(200)
    expect((await docker(server, locked, passwordOf('ada'))).status).toBe(429)
  },
)

test('the right password by address forgets the wrong ones before it', async () => {
  const server = await startWithPeople()
  const address = 'ada@example.com'
  for (let round = 0; round < 6; round += 1) {
    expect((await docker(server, address, 'wrong')).status).toBe(401)
    server.clock.advance(1)
    expect((await docker(server, address, passwordOf('ada'))).status).toBe(200)
  }
})

test('a new password forgets the wrong ones by name and by address', async () => {
  const server = await startWithPeople()
  const ada = server.as('ada')
  await ada('GET', '/api/v1/user/')
  await lock(server, 'ada')
  await lock(server, 'ada@example.com')
  const body = { password: 'another-password' }
  expect((await ada('PUT', '/api/v1/user/', { body })).status).toBe(200)
  for (const login of ['ada', 'ada@example.com'])
    expect((await docker(server, login, body.password)).status).toBe(200)
})

test('wrong passwords are forgotten after a day, whether the login is known or not', async () => {
  const server = await startWithPeople()
  const attempt = await faces['a login of docker'](server)
  const secondsOf = async (login: string) => {
    await attempt(login)
    return (await attempt(login)).headers.get('retry-after')
  }
  for (const login of ['ada', 'nobody', 'eve@example.com']) {
    await attempt(login)
    server.clock.advance(1)
    expect(await secondsOf(login)).toBe('2')
  }
  server.clock.advance(86_401)
  await cleanUp(server.deps)
  const left = await server.deps.db.selectFrom('unknown_sign_in').selectAll().execute()
  expect(left).toEqual([])
  for (const login of ['ada', 'nobody', 'eve@example.com']) expect(await secondsOf(login)).toBe('1')
})

test('an unknown robot, app token or OAuth token is refused like a wrong secret, after one look', async () => {
  const server = await startWithPeople()
  const robot = await makeRobot(server, 'acme', 'ci')
  const app = await mintAppToken(server, 'ada')
  const oauth = await mintToken(server, 'ada', ['repo:read'])
  const unknownKey = { alg: 'ES256', kid: 'unknown' }
  const jwt = `${Buffer.from(JSON.stringify(unknownKey)).toString('base64url')}.e30.AAAA`
  const wrongEnd = (token: string) => `${token.slice(0, -1)}${token.endsWith('x') ? 'y' : 'x'}`
  const ask = (login: string, secret: string) =>
    observe(() => server.call('GET', '/v2/auth', { headers: basicAuth(login, secret) }))
  const none = 'A'.repeat(64)
  const pairs = [
    [await ask(robot.name, none), await ask('acme+nobody', none), await ask('nobody+ci', none)],
    [await ask(robot.name, jwt), await ask('acme+nobody', jwt)],
    [await ask('$app', wrongEnd(app)), await ask('$app', 'B'.repeat(app.length))],
    [await ask('$oauthtoken', wrongEnd(oauth)), await ask('$oauthtoken', 'B'.repeat(40))],
  ]
  for (const [known, ...others] of pairs) for (const other of others) expect(other).toEqual(known)
  expect(pairs.map(([known]) => known!.statements)).toEqual([1, 2, 1, 1])
  expect(pairs.map(([known]) => known!.verifications)).toEqual([0, 0, 0, 0])
})

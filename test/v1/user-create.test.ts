import { describe, expect, test } from 'vitest'

import { listAudit, makeOrganization, mintToken } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { signIn, startServer } from '#test/support/server.ts'
import { follow, me, own, signUp, startWithUser } from './user-fixture.ts'

const initialize = '/api/v1/user/initialize'
const first = { username: 'admin', password: 'correct-horse' }

describe('initializeUser', () => {
  test('makes the first user, a superuser, and signs them in', async () => {
    const server = await startServer()
    const answer = await server.call('POST', initialize, {
      body: { ...first, email: 'admin@example.com' },
    })
    expect([answer.status, answer.json]).toEqual([
      200,
      { username: 'admin', email: 'admin@example.com' },
    ])
    expect((await follow(server, answer)('GET', me)).json).toMatchObject({
      username: 'admin',
      super_user: true,
    })
    expect(await listAudit(server, 'admin', 'user_create')).toMatchObject([
      { metadata: { username: 'admin', email: 'admin@example.com' } },
    ])
  })

  test('mints an OAuth token with every scope when it is asked to', async () => {
    const server = await startServer()
    const { json } = await server.call('POST', initialize, {
      body: { ...first, access_token: true },
    })
    expect(json).toEqual({
      username: 'admin',
      email: null,
      access_token: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
    })
    const admin = server.withToken(json.access_token)
    expect((await admin('GET', me)).json).toMatchObject({ username: 'admin', is_me: true })
    const body = { repository: 'nginx', visibility: 'public', description: '' }
    expect((await admin('POST', '/api/v1/repository', { body })).status).toBe(201)
    expect(await listAudit(server, 'admin', 'create_repo')).toMatchObject([
      {
        metadata: {
          oauth_token_id: expect.any(Number),
          oauth_token_application: 'automation',
          oauth_token_application_id: 'admin',
        },
      },
    ])
  })

  test('works once', async () => {
    const { server } = await startWithUser()
    const answer = await server.call('POST', initialize, { body: first })
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
    expect(answer.json.message).toContain('There is a user already')
  })

  test('lets one of ten parallel callers win', async () => {
    const server = await startServer()
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        server.call('POST', initialize, {
          body: { ...first, username: `admin${index}`, access_token: true },
        }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, ...Array<number>(9).fill(400)])
    const { db } = server.deps
    expect(await db.selectFrom('user_account').select('namespace_id').execute()).toHaveLength(1)
    expect(await db.selectFrom('oauth_token').select('id').execute()).toHaveLength(1)
  })

  test('refuses what breaks a rule, and can be tried again', async () => {
    const server = await startServer()
    for (const bad of [{ username: 'Admin' }, { password: 'short' }, { email: 'none' }])
      expect(
        await outcome(server.call('POST', initialize, { body: { ...first, ...bad } })),
      ).toEqual([400, 'invalid_request'])
    expect((await server.call('POST', initialize, { body: first })).status).toBe(200)
  })

  test('is not there without FEATURE_USER_INITIALIZE', async () => {
    const server = await startServer({ FEATURE_USER_INITIALIZE: 'false' })
    expect(await outcome(server.call('POST', initialize, { body: first }))).toEqual([
      404,
      'not_found',
    ])
  })

  test('is served where nobody else is', async () => {
    const server = await startServer({ FEATURE_ANONYMOUS_ACCESS: 'false' })
    expect((await server.call('POST', initialize, { body: first })).status).toBe(200)
  })
})

describe('createNewUser', () => {
  const bob = { username: 'bob', password: 'correct-horse', email: 'bob@example.com' }

  test('makes an account, shows it, and signs in', async () => {
    const { server } = await startWithUser()
    const answer = await signUp(server, bob)
    expect([answer.status, answer.json]).toEqual([200, own('bob')])
    expect((await follow(server, answer)('GET', me)).json.username).toBe('bob')
    expect((await signIn(server.call, 'bob', bob.password)).csrfToken).toBeTruthy()
  })

  test('is written to the audit log', async () => {
    const { server } = await startWithUser()
    await signUp(server, bob)
    expect(await listAudit(server, 'bob')).toMatchObject([
      { kind: 'user_create', metadata: { username: 'bob', email: 'bob@example.com' } },
    ])
  })

  test('needs no e-mail address, unless the registry sends mail', async () => {
    const { server } = await startWithUser()
    const made = await signUp(server, { ...bob, email: undefined })
    expect([made.status, made.json.email]).toEqual([200, ''])
    const empty = await signUp(server, { ...bob, username: 'cyd', email: '' })
    expect([empty.status, empty.json.email]).toEqual([200, ''])
    const mailing = await startServer({
      MAIL_SERVER: '127.0.0.1',
      SERVER_HOSTNAME: 'registry.example.com',
    })
    for (const email of [undefined, '']) {
      const refused = await signUp(mailing, { ...bob, email })
      expect(await outcome(refused)).toEqual([400, 'invalid_request'])
      expect(refused.json.detail).toContain('email address is needed')
    }
  })

  test('refuses a name that a user or an organization has', async () => {
    const { server } = await startWithUser()
    await makeOrganization(server, 'bureau', { admin: 'ada' })
    for (const username of ['ada', 'bureau']) {
      const answer = await signUp(server, { ...bob, username })
      expect(await outcome(answer)).toEqual([400, 'invalid_request'])
      expect(answer.json.detail).toBe('The username already exists')
    }
  })

  test('refuses an e-mail address that somebody uses', async () => {
    const { server } = await startWithUser()
    const answer = await signUp(server, { ...bob, email: 'ada@example.com' })
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
    expect(answer.json.detail).toBe('The email address is already used')
  })

  test('refuses each name, password and e-mail address that breaks a rule, and says so', async () => {
    const { server } = await startWithUser()
    const rules: [object, string][] = [
      [{ username: 'b' }, 'Invalid username'],
      [{ username: 'Bob' }, 'Invalid username'],
      [{ username: '.bob' }, 'Invalid username'],
      [{ username: 'b__b' }, 'Invalid username'],
      [{ username: 'b+b' }, 'Invalid username'],
      [{ username: 'b'.repeat(256) }, 'username must NOT have more than 255'],
      [{ username: undefined }, "the body lacks 'username'"],
      [{ password: '1234567' }, 'Invalid password'],
      [{ password: 'correct horse' }, 'Invalid password'],
      [{ password: undefined }, "the body lacks 'password'"],
      [{ email: 'bob' }, 'Invalid email'],
      [{ email: 'bob@' }, 'Invalid email'],
    ]
    for (const [bad, text] of rules) {
      const answer = await signUp(server, { ...bob, ...bad })
      expect(await outcome(answer)).toEqual([400, 'invalid_request'])
      expect(answer.json.detail).toContain(text)
    }
  })

  test('keeps names that the configuration gives special rights to those who run the registry', async () => {
    const { server } = await startWithUser({ SUPER_USERS: 'root,bob', FEATURE_USER_RENAME: 'true' })
    const answer = await signUp(server, bob)
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
    expect(answer.json.detail).toContain('reserved')
    const renamed = server.as('ada')('PUT', '/api/v1/user/', { body: { username: 'root' } })
    expect(await outcome(renamed)).toEqual([400, 'invalid_request'])
  })

  test('makes a name once when ten ask for it', async () => {
    const { server } = await startWithUser()
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        signUp(server, { ...bob, email: `bob${index}@example.com` }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, ...Array<number>(9).fill(400)])
  })

  test('takes an OAuth token in place of the CSRF token, but none that does not work', async () => {
    const { server } = await startWithUser()
    const caller = server.withToken(await mintToken(server, 'ada', ['repo:read']))
    const { status, json } = await caller('POST', me, { body: bob })
    expect([status, json.username, json.is_me]).toEqual([200, 'bob', true])
    expect(await listAudit(server, 'bob')).toMatchObject([{ performer: 'ada' }])
    const unknown = server.withToken('x'.repeat(40))
    expect(await outcome(unknown('POST', me, { body: bob }))).toEqual([403, 'invalid_csrf_token'])
  })

  test('wants a CSRF token, and somebody where nobody is served', async () => {
    const server = await startServer({ FEATURE_ANONYMOUS_ACCESS: 'false' })
    expect(await outcome(server.call('POST', me, { body: bob }))).toEqual([
      403,
      'invalid_csrf_token',
    ])
    expect(await outcome(signUp(server, bob))).toEqual([401, 'invalid_token'])
  })

  test.each(['FEATURE_USER_CREATION', 'FEATURE_DIRECT_LOGIN'])(
    'is not there without %s',
    async (feature) => {
      const server = await startServer({ [feature]: 'false' })
      const answer = await signUp(server, bob)
      expect(await outcome(answer)).toEqual([404, 'not_found'])
      expect(answer.json.detail).toContain(feature)
    },
  )
})

import { describe, expect, test } from 'vitest'

import { listAudit, makeOrganization, mintToken, withSession } from '#test/support/account.ts'
import { outcome, type Answer, type Call } from '#test/support/client.ts'
import { cookieOf, passwordOf, signIn, startServer, type TestServer } from '#test/support/server.ts'

const me = '/api/v1/user/'
const initialize = '/api/v1/user/initialize'
const first = { username: 'admin', password: 'correct-horse' }

async function startWithUser(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call } = await server.user('ada')
  return { server, call }
}

/** Signs up, in a new session. */
async function signUp(server: TestServer, body: object): Promise<Answer> {
  const { headers, json } = await server.call('GET', '/csrf_token')
  return server.call('POST', me, {
    headers: { cookie: cookieOf(headers), 'x-csrf-token': json.csrf_token },
    body,
  })
}

/** Calls in the session that an answer has begun. */
function follow(server: TestServer, { headers }: Answer): Call {
  return withSession(server, {
    cookie: cookieOf(headers),
    csrfToken: headers.get('x-next-csrf-token')!,
  })
}

const own = (username: string) => ({
  anonymous: false,
  username,
  avatar: {
    name: username,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    color: expect.stringMatching(/^#/),
    kind: 'user',
  },
  can_create_repo: true,
  is_me: true,
  verified: true,
  email: `${username}@example.com`,
  logins: [],
  invoice_email: false,
  invoice_email_address: null,
  preferred_namespace: false,
  tag_expiration_s: 1_209_600,
  prompts: [],
  company: null,
  family_name: null,
  given_name: null,
  location: null,
  is_free_account: true,
  has_password_set: true,
  organizations: [],
})

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
    const mailing = await startServer({ FEATURE_MAILING: 'true' })
    const refused = await signUp(mailing, { ...bob, email: undefined })
    expect(await outcome(refused)).toEqual([400, 'invalid_request'])
    expect(refused.json.detail).toContain('email address is needed')
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

describe('getLoggedInUser', () => {
  test('shows who is asking, in full', async () => {
    const { call } = await startWithUser()
    expect((await call('GET', me)).json).toEqual(own('ada'))
  })

  test('lists organizations with the strongest role there', async () => {
    const { server, call } = await startWithUser()
    await server.user('boss')
    await makeOrganization(server, 'bureau', { admin: 'boss', creator: 'ada', member: 'ada' })
    await makeOrganization(server, 'crew', { admin: 'boss', member: 'ada' })
    await makeOrganization(server, 'dock', { admin: 'ada' })
    expect((await call('GET', me)).json.organizations).toMatchObject([
      { name: 'bureau', avatar: { kind: 'org' }, can_create_repo: true, is_org_admin: false },
      { name: 'crew', can_create_repo: false, is_org_admin: false, public: false },
      { name: 'dock', can_create_repo: true, is_org_admin: true, preferred_namespace: false },
    ])
  })

  test('answers nobody with session_required: false', async () => {
    const { server } = await startWithUser()
    const answer = await server.call('GET', me)
    expect(await outcome(answer)).toEqual([401, 'invalid_token'])
    expect(answer.json.session_required).toBe(false)
  })

  test('answers a token without user:read like nobody', async () => {
    const { server } = await startWithUser()
    const call = server.withToken(await mintToken(server, 'ada', ['repo:admin', 'org:admin']))
    const answer = await call('GET', me)
    expect(await outcome(answer)).toEqual([401, 'invalid_token'])
    expect(answer.json.session_required).toBe(false)
  })

  test('shows a token with user:read no more than name and organizations', async () => {
    const { server } = await startWithUser()
    await makeOrganization(server, 'bureau', { admin: 'ada' })
    const call = server.withToken(await mintToken(server, 'ada', ['user:read']))
    const { username, avatar, anonymous } = own('ada')
    expect((await call('GET', me)).json).toEqual({
      username,
      avatar,
      anonymous,
      organizations: [
        { name: 'bureau', avatar: expect.anything(), can_create_repo: true, public: false },
      ],
    })
  })

  test('tells superusers and global read-only superusers that they are', async () => {
    const server = await startServer({
      SUPER_USERS: 'root',
      GLOBAL_READONLY_SUPER_USERS: 'auditor',
    })
    const root = await server.user('root')
    const auditor = await server.user('auditor', { superuser: true })
    expect((await root.call('GET', me)).json.super_user).toBe(true)
    const { json } = await auditor.call('GET', me)
    expect(json.global_readonly_super_user).toBe(true)
    expect(json).not.toHaveProperty('super_user')
  })
})

describe('getUserInformation', () => {
  test('shows others name and avatar alone', async () => {
    const { server, call } = await startWithUser()
    await server.user('bob')
    const expected = own('bob')
    const seen = { anonymous: false, username: 'bob', avatar: expected.avatar }
    expect((await call('GET', '/api/v1/users/bob')).json).toEqual(seen)
    expect((await server.call('GET', '/api/v1/users/bob')).json).toEqual(seen)
  })

  test('shows oneself in full', async () => {
    const { call } = await startWithUser()
    expect((await call('GET', '/api/v1/users/ada')).json).toEqual(own('ada'))
  })

  test('tells superusers that somebody else is not them', async () => {
    const { server } = await startWithUser()
    const root = await server.user('root', { superuser: true })
    expect((await root.call('GET', '/api/v1/users/ada')).json.super_user).toBe(false)
    expect((await root.call('GET', '/api/v1/users/root')).json.super_user).toBe(true)
  })

  test('finds neither organizations nor robots, nor names that nobody can have', async () => {
    const { server } = await startWithUser()
    await makeOrganization(server, 'bureau', { admin: 'ada' })
    for (const name of ['nobody', 'bureau', 'ada+robot', 'Ada', 'a'])
      expect(await outcome(server.call('GET', `/api/v1/users/${name}`))).toEqual([404, 'not_found'])
  })

  test('wants somebody where nobody is served', async () => {
    const { server, call } = await startWithUser({ FEATURE_ANONYMOUS_ACCESS: 'false' })
    expect(await outcome(server.call('GET', '/api/v1/users/ada'))).toEqual([401, 'invalid_token'])
    expect((await call('GET', '/api/v1/users/ada')).status).toBe(200)
  })
})

describe('changeUserDetails', () => {
  const change = (call: Call, body: object) => call('PUT', me, { body })

  test('changes nothing, and logs nothing, when nothing is sent', async () => {
    const { server, call } = await startWithUser()
    expect((await change(call, {})).json).toEqual(own('ada'))
    const kinds = (await listAudit(server, 'ada')).map(({ kind }) => kind)
    expect(kinds).toEqual(['user_create', 'login_success'])
  })

  test('changes the e-mail address', async () => {
    const { server, call } = await startWithUser()
    const { json } = await change(call, { email: 'lovelace@example.com' })
    expect(json.email).toBe('lovelace@example.com')
    await change(call, { email: 'lovelace@example.com' })
    expect(await listAudit(server, 'ada', 'user_change_email')).toMatchObject([
      { metadata: { email: 'lovelace@example.com', old_email: 'ada@example.com' } },
    ])
  })

  test('changes where invoices go', async () => {
    const { server, call } = await startWithUser()
    const wanted = { invoice_email: true, invoice_email_address: 'bills@example.com' }
    expect((await change(call, wanted)).json).toMatchObject(wanted)
    const entries = await listAudit(server, 'ada', 'user_change_invoicing')
    expect(entries.map(({ metadata }) => metadata)).toEqual([
      { invoice_email: true },
      { invoice_email_address: 'bills@example.com' },
    ])
  })

  test('changes how long tags stay restorable, to one of the options', async () => {
    const { server, call } = await startWithUser()
    expect((await change(call, { tag_expiration_s: 86_400 })).json.tag_expiration_s).toBe(86_400)
    expect(await listAudit(server, 'ada', 'user_change_tag_expiration')).toMatchObject([
      { metadata: { tag_expiration: 86_400 } },
    ])
    for (const seconds of [1, 86_401, -1, 1.5, '1d'])
      expect(await outcome(change(call, { tag_expiration_s: seconds }))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('leaves the expiration of tags alone without FEATURE_CHANGE_TAG_EXPIRATION', async () => {
    const { call } = await startWithUser({ FEATURE_CHANGE_TAG_EXPIRATION: 'false' })
    const { json } = await change(call, { tag_expiration_s: 86_400 })
    expect(json.tag_expiration_s).toBe(1_209_600)
  })

  test('changes name, company and location with FEATURE_USER_METADATA alone', async () => {
    const wanted = {
      given_name: 'Ada',
      family_name: 'Lovelace',
      company: 'Engines',
      location: 'London',
    }
    const { server, call } = await startWithUser({ FEATURE_USER_METADATA: 'true' })
    expect((await change(call, wanted)).json).toMatchObject(wanted)
    expect((await change(call, { company: null })).json).toMatchObject({
      ...wanted,
      company: null,
    })
    const entries = await listAudit(server, 'ada', 'user_change_metadata')
    expect(entries.map(({ metadata }) => metadata)).toEqual([wanted, { company: null }])
    const plain = await startWithUser()
    expect((await change(plain.call, wanted)).json).toEqual(own('ada'))
  })

  test('changes the user name with FEATURE_USER_RENAME alone', async () => {
    const { server, call } = await startWithUser({ FEATURE_USER_RENAME: 'true' })
    await server.repository('ada/engine')
    expect((await change(call, { username: 'countess' })).json.username).toBe('countess')
    expect((await call('GET', '/api/v1/repository/countess/engine')).status).toBe(200)
    expect(await listAudit(server, 'countess', 'user_change_name')).toMatchObject([
      { metadata: { old_username: 'ada' } },
    ])
    const plain = await startWithUser()
    expect((await change(plain.call, { username: 'countess' })).json.username).toBe('ada')
  })

  test('refuses a name or an e-mail address that is taken or breaks a rule', async () => {
    const { server, call } = await startWithUser({ FEATURE_USER_RENAME: 'true' })
    await server.user('bob')
    await makeOrganization(server, 'bureau', { admin: 'bob' })
    for (const bad of [
      { username: 'bob' },
      { username: 'bureau' },
      { username: 'Ada' },
      { email: 'bob@example.com' },
      { email: 'nowhere' },
    ])
      expect(await outcome(change(call, bad))).toEqual([400, 'invalid_request'])
    expect((await change(call, { username: 'bob' })).json.detail).toContain('username')
    expect((await change(call, { email: 'bob@example.com' })).json.detail).toContain('email')
  })

  test('changes all that is asked or nothing', async () => {
    const { server, call } = await startWithUser()
    await server.user('bob')
    await change(call, { invoice_email: true, email: 'bob@example.com' })
    expect((await call('GET', me)).json).toEqual(own('ada'))
    expect(await listAudit(server, 'ada', 'user_change_invoicing')).toEqual([])
  })

  test('reaches no column that the document does not name', async () => {
    const { server, call } = await startWithUser()
    const hidden = { is_superuser: true, is_verified: false, namespace_id: 1, surprise: 1 }
    expect((await change(call, hidden)).json).toEqual(own('ada'))
    const { db } = server.deps
    const account = await db.selectFrom('user_account').selectAll().executeTakeFirstOrThrow()
    expect(account).toMatchObject({ is_superuser: false, is_verified: true })
  })

  test('sets a new password, which ends every other session', async () => {
    const { server, call } = await startWithUser()
    const other = withSession(server, await signIn(server.call, 'ada'))
    const answer = await change(call, { password: 'even-more-correct' })
    expect(answer.status).toBe(200)
    expect((await other('GET', me)).status).toBe(401)
    expect((await call('GET', me)).status).toBe(401)
    expect((await follow(server, answer)('PUT', me, { body: {} })).status).toBe(200)
    await signIn(server.call, 'ada', 'even-more-correct')
    await expect(signIn(server.call, 'ada', passwordOf('ada'))).rejects.toThrow('could not sign in')
    expect(await listAudit(server, 'ada', 'account_change_password')).toMatchObject([
      { metadata: {} },
    ])
  })

  test('refuses a weak password and keeps the old one', async () => {
    const { server, call } = await startWithUser()
    for (const password of ['short', 'with space in it', 'x'.repeat(1025)])
      expect(await outcome(change(call, { password }))).toEqual([400, 'invalid_request'])
    expect((await signIn(server.call, 'ada')).cookie).toBeTruthy()
  })

  test('wants a sign-in of the last minutes, but not from an OAuth token', async () => {
    const { server, call } = await startWithUser({ FRESH_LOGIN_TIMEOUT: '5m' })
    const token = await mintToken(server, 'ada', ['user:admin'])
    await call('GET', me)
    server.clock.advance(301)
    const answer = await change(call, { invoice_email: true })
    expect(await outcome(answer)).toEqual([401, 'fresh_login_required'])
    expect((await call('GET', me)).status).toBe(200)
    expect((await change(server.withToken(token), { invoice_email: true })).status).toBe(200)
  })

  test('is refused to nobody, and to tokens without user:admin', async () => {
    const { server } = await startWithUser()
    expect(await outcome(change(server.call, {}))).toEqual([401, 'invalid_token'])
    const reader = server.withToken(await mintToken(server, 'ada', ['user:read', 'repo:admin']))
    expect(await outcome(change(reader, {}))).toEqual([403, 'insufficient_scope'])
  })
})

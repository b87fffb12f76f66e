import { expect, test } from 'vitest'

import { hashToken } from '#credentials/secrets.ts'
import { makeOrganization } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { basic } from '#test/support/shared.ts'
import { cookieOf, signIn } from '#test/support/server.ts'
import { watchStatements } from '#test/support/statements.ts'
import { followLink, startMailing, type Mailing } from './mail-fixture.ts'
import { follow, me, signUp } from './user-fixture.ts'

const bob = { username: 'bob', password: 'correct-horse', email: 'bob@example.com' }

async function tryToSignIn({ server }: Mailing, name: string, password: string) {
  const { headers, json } = await server.call('GET', '/csrf_token')
  return server.call('POST', '/api/v1/signin', {
    headers: { cookie: cookieOf(headers), 'x-csrf-token': json.csrf_token },
    body: { username: name, password },
  })
}

test('a new account waits until the link in a mail was followed, which signs its user in', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const made = await signUp(server, bob)
  expect([made.status, made.json]).toEqual([200, { awaiting_verification: true }])
  expect((await follow(server, made)('GET', me)).status).toBe(401)

  const [mail, ...others] = await mailing.mails()
  expect([mail?.to, others]).toEqual([['bob@example.com'], []])
  const followed = await followLink(mailing, mail!.path)
  expect([followed.status, followed.headers.get('location')]).toEqual([302, '/'])
  expect(followed.headers.get('cache-control')).toBe('no-store')
  expect(followed.headers.get('referrer-policy')).toBe('no-referrer')
  const { json } = await follow(server, followed)('GET', me)
  expect(json).toMatchObject({ username: 'bob', verified: true, email: 'bob@example.com' })
  expect((await signIn(server.call, 'bob', bob.password)).csrfToken).toBeTruthy()
})

test('nobody signs in to an account that waits, with the right password either; a wrong one tells nothing', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  await signUp(server, bob)
  const right = await tryToSignIn(mailing, 'bob', bob.password)
  expect([right.status, right.json]).toMatchObject([
    403,
    { needsEmailVerification: true, invalidCredentials: false },
  ])
  const wrong = await tryToSignIn(mailing, 'bob', 'a wrong password')
  expect([wrong.status, wrong.json]).toMatchObject([
    403,
    { needsEmailVerification: false, invalidCredentials: true },
  ])
  server.clock.advance(3600)
  const token = server.call('GET', '/v2/auth?service=registry.example.com', {
    headers: { authorization: basic('bob', bob.password) },
  })
  expect(await outcome(token)).toEqual([401, 'UNAUTHORIZED'])
})

test('a link works once, of two browsers that follow it at once for one, and not after a week', async () => {
  const mailing = await startMailing()
  await signUp(mailing.server, bob)
  const [{ path } = { path: '' }] = await mailing.mails()
  const both = await Promise.all([followLink(mailing, path), followLink(mailing, path)])
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 302])

  await signUp(mailing.server, { ...bob, username: 'rob', email: 'rob@example.com' })
  const [late] = await mailing.mails()
  mailing.server.clock.advance(7 * 86_400)
  const answer = await followLink(mailing, late!.path)
  expect(answer.status).toBe(200)
  expect(answer.text).toContain('This link does not work')
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
})

test('a program that only looks at the link does not use it up', async () => {
  const mailing = await startMailing()
  await signUp(mailing.server, bob)
  const [{ path } = { path: '' }] = await mailing.mails()
  const head = await followLink(mailing, path, 'HEAD')
  expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET, POST'])
  expect((await followLink(mailing, path)).status).toBe(302)
})

test('signing up with an address that is in use looks like any other, and its owner is told by mail', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  await server.user('ada')
  const made = await signUp(server, { ...bob, email: 'ada@example.com' })
  expect([made.status, made.json]).toEqual([200, { awaiting_verification: true }])
  const mails = await mailing.mails()
  expect(mails).toMatchObject([{ to: ['ada@example.com'], path: '/signin' }])
  expect(mails[0]!.text).toContain('your account ada')
  await signUp(server, { ...bob, username: 'rob' })
  const views = await Promise.all(
    ['bob', 'rob'].map((name) => server.call('GET', `/api/v1/users/${name}`)),
  )
  expect(views.map(({ json }) => json.avatar.hash)).toEqual(['bob', 'rob'].map(hashToken))
  const refused = await tryToSignIn(mailing, 'bob', bob.password)
  expect([refused.status, refused.json.needsEmailVerification]).toEqual([403, true])
})

test('an address that is in use takes the same statements as one that is free', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  await server.user('ada')
  const [used, free] = [
    await watchStatements(() => signUp(server, { ...bob, email: 'ada@example.com' })),
    await watchStatements(() => signUp(server, { ...bob, username: 'rob' })),
  ]
  expect(used.statements.length).toBeGreaterThan(10)
  expect(free.statements).toEqual(used.statements)
})

test('an organization keeps nobody from an address, and is not told who has one', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const { call: eve } = await server.user('eve')
  await server.user('ada')
  const organizations = '/api/v1/organization/'
  const made = await eve('POST', organizations, { body: { name: 'probe', email: bob.email } })
  expect(made.status).toBe(201)
  for (const email of ['ada@example.com', 'nobody@example.com', bob.email]) {
    const changed = await eve('PUT', `${organizations}probe`, { body: { email } })
    expect([email, changed.status]).toEqual([email, 200])
  }
  expect((await signUp(server, bob)).json).toEqual({ awaiting_verification: true })
  const [mail] = await mailing.mails()
  expect((await followLink(mailing, mail!.path)).status).toBe(302)
})

test('an address is used once when five sign up with it', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map((n) => signUp(server, { ...bob, username: `bob${n}` })),
  )
  expect(answers.map(({ json }) => json)).toEqual(
    answers.map(() => ({ awaiting_verification: true })),
  )
  const mails = await mailing.mails()
  expect(mails.filter(({ path }) => path.startsWith('/confirm?'))).toHaveLength(1)
  expect(mails).toHaveLength(5)
})

async function invite({ server }: Mailing, email: string): Promise<string> {
  await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const { db } = server.deps
  const { id } = await db.selectFrom('team').select('id').executeTakeFirstOrThrow()
  const values = { team_id: id, email, created_at: new Date(), code_hash: hashToken('the code') }
  await db.insertInto('team_invite').values(values).execute()
  return 'the code'
}

test('an invitation that went to the address confirms it at once', async () => {
  const mailing = await startMailing()
  const invite_code = await invite(mailing, bob.email)
  const made = await signUp(mailing.server, { ...bob, invite_code })
  expect(made.json).toMatchObject({ username: 'bob', verified: true })
  const other = { ...bob, username: 'eve', email: 'eve@example.com' }
  expect((await signUp(mailing.server, { ...other, invite_code })).json).toEqual({
    awaiting_verification: true,
  })
})

test('with FEATURE_INVITE_ONLY_USER_CREATION only who was invited can sign up', async () => {
  const mailing = await startMailing({ FEATURE_INVITE_ONLY_USER_CREATION: 'true' })
  const invite_code = await invite(mailing, bob.email)
  for (const wanted of [
    bob,
    { ...bob, invite_code: 'another' },
    { ...bob, email: 'eve@example.com', invite_code },
  ]) {
    const answer = await signUp(mailing.server, wanted)
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
    expect(answer.json.detail).toContain('invited')
  }
  expect((await signUp(mailing.server, { ...bob, invite_code })).json.username).toBe('bob')
})

test('addresses of domains that the configuration names cannot be used to sign up', async () => {
  const { server } = await startMailing({
    FEATURE_BLACKLISTED_EMAILS: 'true',
    BLACKLISTED_EMAIL_DOMAINS: 'example.org',
  })
  for (const email of ['bob@example.org', 'bob@mail.EXAMPLE.org']) {
    const answer = await signUp(server, { ...bob, email })
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
    expect(answer.json.detail).toContain('domain')
  }
  expect((await signUp(server, { ...bob, email: 'bob@anexample.org' })).status).toBe(200)
})

test('a registry with names of people asks new users for theirs, once', async () => {
  const mailing = await startMailing({ FEATURE_USER_METADATA: 'true' })
  const { server } = mailing
  await signUp(server, bob)
  const [mail] = await mailing.mails()
  const followed = await followLink(mailing, mail!.path)
  expect(followed.headers.get('location')).toBe('/updateuser')
  const { cookie, csrfToken } = await signIn(server.call, 'bob', bob.password)
  const headers = { cookie, 'x-csrf-token': csrfToken }
  const before = await server.call('GET', me, { headers })
  expect(before.json.prompts).toEqual(['enter_name', 'enter_company'])
  const after = await server.call('PUT', me, { headers, body: { given_name: 'Bob' } })
  expect(after.json.prompts).toEqual([])
})

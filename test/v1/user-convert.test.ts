import { sql } from 'kysely'
import { expect, test } from 'vitest'

import { listAudit, makeOrganization, mintToken } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { makeRobot } from '#test/support/machine.ts'
import { passwordOf, startServer } from '#test/support/server.ts'
import { pathOf, signInFirst } from './organization-fixture.ts'
import { follow, me } from './user-fixture.ts'

const convert = (call: Call, adminUser: string, adminPassword = passwordOf(adminUser)) =>
  call('POST', '/api/v1/user/convert', { body: { adminUser, adminPassword } })

async function start(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call } = await server.user('acme')
  await server.user('ada')
  return { server, call }
}

test('convertUserToOrganization makes an organization of the account and signs the administrator in', async () => {
  const { server, call } = await start()
  await server.repository('acme/app')
  await makeRobot(server, 'acme', 'ci')
  const answer = await convert(call, 'ada')
  expect([answer.status, answer.json]).toEqual([200, { success: true }])
  const ada = follow(server, answer)
  expect((await ada('GET', me)).json.username).toBe('ada')
  expect((await ada('GET', pathOf('acme'))).json).toMatchObject({
    is_admin: true,
    email: 'acme@example.com',
    ordered_teams: ['owners'],
  })
  expect((await ada('GET', `${pathOf('acme')}/members`)).json.members).toMatchObject([
    { name: 'ada' },
  ])
  expect((await ada('GET', '/api/v1/repository/acme/app')).json.can_admin).toBe(true)
  const robot = await ada('GET', `${pathOf('acme')}/members/acme%2Bci`)
  expect(robot.json.kind).toBe('robot')
  expect(await listAudit(server, 'acme', 'account_convert')).toMatchObject([{ metadata: {} }])
  const entries = server.deps.db.selectFrom('log_entry').select('performer_name')
  expect(await entries.where('kind', '=', 'account_convert').execute()).toEqual([
    { performer_name: 'acme' },
  ])
})

test('converting an account rewrites none of its audit entries', async () => {
  const { server, call } = await start()
  await server.repository('acme/app')
  const { db } = server.deps
  const entries = () =>
    db
      .selectFrom('log_entry')
      .select(['id', 'kind', 'performer_id', sql<string>`xmin::text`.as('version')])
      .orderBy('id')
      .execute()
  const before = await entries()
  expect(before.filter(({ performer_id }) => performer_id !== null)).not.toEqual([])
  expect((await convert(call, 'ada')).status).toBe(200)
  expect((await entries()).slice(0, before.length)).toEqual(before)
})

test('what logged in as the account is over', async () => {
  const { server, call } = await start()
  const token = server.withToken(await mintToken(server, 'acme', ['user:admin']))
  await signInFirst({ call })
  const push = await server.registry('acme', 'repository:acme/app:pull,push')
  // With a token nobody is signed in.
  const answer = await convert(token, 'ada')
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []])
  expect(await outcome(call('GET', me))).toEqual([401, 'invalid_token'])
  expect(await outcome(token('GET', me))).toEqual([401, 'invalid_token'])
  expect((await push('POST', '/v2/acme/app/blobs/uploads/')).status).toBe(401)
  expect((await server.call('GET', '/api/v1/users/acme')).status).toBe(404)
  await expect(server.registry('acme')).rejects.toThrow('no token')
})

test('an administrator who cannot sign in, or is the account itself, is refused', async () => {
  const { call } = await start()
  const refusal = { status: 400, error_type: 'invalid_request', reason: 'invaliduser' }
  expect((await convert(call, 'ada', 'wrong-password')).json).toMatchObject(refusal)
  expect((await convert(call, 'nobody')).json).toMatchObject(refusal)
  expect((await convert(call, 'acme')).json).toMatchObject(refusal)
  expect((await convert(call, 'acme@example.com', passwordOf('acme'))).json).toMatchObject(refusal)
})

test('guessing the password of an administrator locks that account', async () => {
  const { call } = await start()
  for (let guess = 0; guess < 3; guess += 1) await convert(call, 'ada', 'wrong-password')
  expect(await outcome(convert(call, 'ada'))).toEqual([429, 'too_many_attempts'])
})

test('the only administrator of another organization stays a user, a member does not', async () => {
  const { server, call } = await start()
  await makeOrganization(server, 'sole', { admin: 'acme' })
  const refused = await convert(call, 'ada')
  expect([refused.status, refused.json.error_type]).toEqual([400, 'invalid_request'])
  expect(refused.json.detail).toContain('sole')
  const second = await start()
  await makeOrganization(second.server, 'other', { admin: 'ada', member: 'acme' })
  expect((await convert(second.call, 'ada')).status).toBe(200)
})

test('who may not create an organization does not turn into one', async () => {
  for (const setting of ['FEATURE_SUPERUSERS_ORG_CREATION_ONLY', 'FEATURE_RESTRICTED_USERS']) {
    const { call } = await start({ [setting]: 'true' })
    expect(await outcome(convert(call, 'ada'))).toEqual([403, 'insufficient_scope'])
    expect((await call('GET', me)).json.username).toBe('acme')
  }
})

test('an old session turns no account into an organization', async () => {
  const { server, call } = await start()
  await signInFirst({ call })
  server.clock.advance(3600)
  expect(await outcome(convert(call, 'ada'))).toEqual([401, 'fresh_login_required'])
})

import { expect, test } from 'vitest'

import { cleanUp } from '#services/clean-up.ts'
import { holdAccount } from '#store/account.ts'
import { insertMailCode, takeMailCode } from '#store/mail-code.ts'
import { findUserByName } from '#store/user.ts'
import { grant, listAudit, makeOrganization } from '#test/support/account.ts'
import { holdOpen } from '#test/support/locks.ts'
import { makeRobot } from '#test/support/machine.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import { followLink, forget, startMailing } from '#test/v1/mail-fixture.ts'
import { signUp } from '#test/v1/user-fixture.ts'

const week = 7 * 86_400

const account = (username: string) => ({
  username,
  password: 'correct-horse',
  email: `${username}@example.com`,
})

/** Names of the users who are left. */
async function usersOf({ deps }: TestServer): Promise<string[]> {
  const rows = await deps.db
    .selectFrom('namespace')
    .select('name')
    .where('kind', '=', 'user')
    .where('deleted_at', 'is', null)
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}

const idOf = async ({ deps }: TestServer, name: string) => (await findUserByName(deps.db, name))!.id

test('an account that nobody confirms is deleted after a week, and leaves name and address to others', async () => {
  const { server } = await startMailing()
  await signUp(server, account('bob'))
  server.clock.advance(week - 60)
  expect(await cleanUp(server.deps)).toMatchObject({ accounts: 0 })
  server.clock.advance(61)
  expect(await cleanUp(server.deps)).toMatchObject({ accounts: 1 })
  expect(await listAudit(server, 'bob', 'user_delete')).toEqual([
    { kind: 'user_delete', metadata: { username: 'bob' }, performer: null, address: 'clean-up' },
  ])
  expect(await usersOf(server)).toEqual([])
  await server.jobs()
  expect((await signUp(server, account('bob'))).json).toEqual({ awaiting_verification: true })
  expect(await server.deps.db.selectFrom('user_account').select('email').execute()).toEqual([
    { email: 'bob@example.com' },
  ])
})

test('an account that was made without its address, because somebody has it, goes too', async () => {
  const { server } = await startMailing()
  await server.user('ada')
  await signUp(server, { ...account('eve'), email: 'ada@example.com' })
  server.clock.advance(week + 1)
  await cleanUp(server.deps)
  expect(await usersOf(server)).toEqual(['ada'])
})

test('who confirmed stays, and so does whoever somebody else has made', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const { call: root } = await server.user('root', { superuser: true })
  await root('POST', '/api/v1/superuser/users/', { body: { username: 'made', email: 'm@e.org' } })
  await mailing.mails()
  await signUp(server, account('bob'))
  const [mail] = await mailing.mails()
  await followLink(mailing, mail!.path)
  server.clock.advance(2 * week)
  expect(await cleanUp(server.deps)).toMatchObject({ accounts: 0 })
  expect(await usersOf(server)).toEqual(['bob', 'made', 'root'])
})

test('a registry that sends no mail deletes nobody', async () => {
  const { server } = await startMailing()
  await signUp(server, account('bob'))
  server.clock.advance(2 * week)
  const config = { ...server.deps.config, FEATURE_MAILING: false }
  expect(await cleanUp({ ...server.deps, config })).toMatchObject({ accounts: 0 })
})

test('what was given something, holds something or was disabled by a superuser stays', async () => {
  const { server } = await startMailing()
  await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  await server.repository('ada/app')
  for (const name of ['member', 'reader', 'asked', 'builder', 'stopped', 'nobody'])
    await signUp(server, account(name))
  const { db } = server.deps
  const owners = await db.selectFrom('team').select('id').executeTakeFirstOrThrow()
  await db
    .insertInto('team_member')
    .values({ team_id: owners.id, user_id: await idOf(server, 'member') })
    .execute()
  await grant(server, 'ada/app', 'reader', 'read')
  await db
    .insertInto('team_invite')
    .values({
      code_hash: 'x',
      team_id: owners.id,
      user_id: await idOf(server, 'asked'),
      created_at: server.clock.now(),
    })
    .execute()
  await makeRobot(server, 'builder', 'ci')
  await db.updateTable('namespace').set({ enabled: false }).where('name', '=', 'stopped').execute()
  server.clock.advance(week + 1)
  expect(await cleanUp(server.deps)).toMatchObject({ accounts: 1 })
  expect(await usersOf(server)).toEqual(['ada', 'asked', 'builder', 'member', 'reader', 'stopped'])
})

test('a mail that can still be answered keeps an account', async () => {
  const mailing = await startMailing({ USER_RECOVERY_TOKEN_LIFETIME: '1h' })
  const { server } = mailing
  await signUp(server, account('bob'))
  await mailing.mails()
  server.clock.advance(week + 1)
  await forget(mailing, 'bob@example.com')
  const [mail] = await mailing.mails()
  expect(await cleanUp(server.deps)).toMatchObject({ accounts: 0 })
  expect((await followLink(mailing, mail!.path)).status).toBe(302)
  server.clock.advance(week)
  expect(await cleanUp(server.deps)).toMatchObject({ accounts: 0 })
})

test('a clean-up leaves an account alone whose link is being followed, and does not wait', async () => {
  const { server } = await startMailing()
  await signUp(server, account('bob'))
  const { db } = server.deps
  const userId = await idOf(server, 'bob')
  const at = server.clock.now()
  const expiresAt = new Date(at.getTime() + (week + 60) * 1000)
  const code = { userId, purpose: 'recover', email: 'bob@example.com', codeHash: 'x' } as const
  await db.transaction().execute((tx) => insertMailCode(tx, { ...code, at, expiresAt }))
  server.clock.advance(week + 1)
  const following = await holdOpen(db, (tx) =>
    takeMailCode(tx, { codeHash: 'x', purposes: ['recover'], at: server.clock.now() }),
  )
  expect(await cleanUp(server.deps)).toMatchObject({ accounts: 0 })
  await following.commit()
  expect(await usersOf(server)).toEqual(['bob'])
})

test('a clean-up leaves an account alone that is being given something, and does not wait', async () => {
  const { server } = await startMailing()
  await signUp(server, account('bob'))
  server.clock.advance(week + 1)
  const giving = await holdOpen(server.deps.db, (tx) => holdAccount(tx, 'bob'))
  expect(await cleanUp(server.deps)).toMatchObject({ accounts: 0 })
  await giving.commit()
  expect(await cleanUp(server.deps)).toMatchObject({ accounts: 1 })
})

test('accounts that are confirmed while a clean-up runs either stay or were gone before', async () => {
  const { server } = await startMailing()
  const { call: root } = await server.user('root', { superuser: true })
  const names = Array.from({ length: 12 }, (_, n) => `bob${n}`)
  for (const name of names) await signUp(server, account(name))
  server.clock.advance(week + 1)
  // Signs in, so that the calls below begin at once.
  await root('GET', '/api/v1/user/')
  const confirm = (name: string) =>
    root('PUT', `/api/v1/superuser/users/${name}`, { body: { email: `new-${name}@example.com` } })
  // From the other end: they meet in the middle.
  const answers: Record<string, number> = {}
  const confirmAll = async () => {
    for (const name of names.toReversed()) answers[name] = (await confirm(name)).status
  }
  const [removed] = await Promise.all([cleanUp(server.deps), confirmAll()])
  const kept = names.filter((name) => answers[name] === 200)
  const refused = names.filter((name) => answers[name] === 404)
  expect(kept.length + refused.length).toBe(names.length)
  expect(removed).toMatchObject({ accounts: refused.length })
  expect(await usersOf(server)).toEqual([...kept, 'root'].toSorted())
})

test('where no mail was ever sent, accounts of people who signed up stay', async () => {
  const server = await startServer()
  await signUp(server, account('bob'))
  server.clock.advance(2 * week)
  await cleanUp(server.deps)
  expect(await usersOf(server)).toEqual(['bob'])
})

import { sql } from 'kysely'
import { expect, test } from 'vitest'

import type { ReceivedMail } from '#test/support/mail-server.ts'
import { listAudit, makeOrganization, setEnabled } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { watchStatements } from '#test/support/statements.ts'
import { followLink, forget, startMailing } from './mail-fixture.ts'
import { follow, me, signUp } from './user-fixture.ts'

test('who has forgotten the password gets a link that signs in, and sets a new one without the old', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  await server.user('ada')
  const asked = await forget(mailing, 'ada@example.com')
  expect([asked.status, asked.json]).toEqual([200, { status: 'sent' }])
  const [mail, ...others] = await mailing.mails()
  expect([mail?.to, others]).toEqual([['ada@example.com'], []])

  const followed = await followLink(mailing, mail!.path)
  expect([followed.status, followed.headers.get('location')]).toEqual([
    302,
    '/user/ada?tab=settings&action=password',
  ])
  expect(followed.headers.get('referrer-policy')).toBe('no-referrer')
  const ada = follow(server, followed)
  const { json } = await ada('GET', '/csrf_token')
  const headers = { 'x-csrf-token': json.csrf_token }
  const changed = await ada('PUT', me, { headers, body: { password: 'another-horse' } })
  expect(changed.status).toBe(200)
  expect(await listAudit(server, 'ada', 'login_success')).toHaveLength(1)
})

test('an address that nobody has is answered alike, by the same statements', async () => {
  const mailing = await startMailing()
  await mailing.server.user('ada')
  await makeOrganization(mailing.server, 'acme', { admin: 'ada' })
  const ask = async (email: string) => {
    const { answer, statements } = await watchStatements(() => forget(mailing, email))
    return { status: answer.status, json: answer.json, statements }
  }
  await forget(mailing, 'warm@example.com')
  const known = await ask('ada@example.com')
  expect(known.statements.join()).toContain('add_job')
  expect(await ask('nobody@example.com')).toEqual(known)
  expect((await mailing.mails()).map(({ to }) => to)).toEqual([['ada@example.com']])
})

test('a link works once, for half an hour, and until the next one', async () => {
  const mailing = await startMailing()
  await mailing.server.user('ada')
  const next = async () => {
    await forget(mailing, 'ada@example.com')
    return (await mailing.mails())[0]!.path
  }
  const [first, second] = [await next(), await next()]
  expect((await followLink(mailing, first)).status).toBe(200)
  expect((await followLink(mailing, second)).status).toBe(302)
  expect((await followLink(mailing, second)).status).toBe(200)
  const late = await next()
  mailing.server.clock.advance(30 * 60)
  expect((await followLink(mailing, late)).status).toBe(200)
})

test('one job an address waits, whoever asks how often, behind all others', async () => {
  const mailing = await startMailing()
  const askedAs = ['ada@example.com', 'Ada@example.com', 'ada@example.com', 'eve@example.com']
  await Promise.all(askedAs.map((email) => forget(mailing, email)))
  const { rows } = await sql`
    select priority from graphile_worker.jobs where task_identifier = 'recover-account'`.execute(
    mailing.server.deps.db,
  )
  expect(rows).toEqual([{ priority: 10 }, { priority: 10 }])
})

test('a mailbox gets five mails an hour, whoever asks for more; the last link stays good', async () => {
  const mailing = await startMailing()
  await mailing.server.user('ada')
  const mails: ReceivedMail[] = []
  for (let count = 0; count < 7; count += 1) {
    expect((await forget(mailing, 'ada@example.com')).json.status).toBe('sent')
    mails.push(...(await mailing.mails()))
  }
  expect(mails).toHaveLength(5)
  const followed = await Promise.all(mails.map(({ path }) => followLink(mailing, path)))
  expect(followed.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 302])
})

test('a code is good for nothing but what it was sent for, and not once the address has changed', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const { id } = await server.user('ada')
  await forget(mailing, 'ada@example.com')
  const [mail] = await mailing.mails()
  const { path } = mail!
  expect((await followLink(mailing, path.replace('/recovery', '/confirm'))).status).toBe(200)
  const { db } = server.deps
  const account = db.updateTable('user_account').where('namespace_id', '=', id)
  await account.set({ email: 'other@example.com' }).execute()
  expect((await followLink(mailing, path)).status).toBe(200)
})

test('a disabled account gets no mail, and its links do not work', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  await server.user('ada')
  await forget(mailing, 'ada@example.com')
  const [mail] = await mailing.mails()
  await setEnabled(server, 'ada', false)
  expect((await followLink(mailing, mail!.path)).status).toBe(200)
  await forget(mailing, 'ada@example.com')
  expect(await mailing.mails()).toEqual([])
})

test('an account whose confirmation was lost is confirmed by it', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  await signUp(server, { username: 'bob', password: 'correct-horse', email: 'bob@example.com' })
  await mailing.mails()
  await forget(mailing, 'bob@example.com')
  const [mail] = await mailing.mails()
  const followed = await followLink(mailing, mail!.path)
  expect((await follow(server, followed)('GET', me)).json.verified).toBe(true)
})

test('an address of an organization gets a mail with its administrators, and the answer does not tell', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  for (const name of ['ada', 'eve']) await server.user(name)
  await makeOrganization(server, 'harbour', { admin: 'ada', member: 'eve' })
  await server.deps.db.updateTable('organization').set({ email: 'team@acme.example' }).execute()
  const asked = await forget(mailing, 'team@acme.example')
  expect(asked.json).toEqual({ status: 'sent' })
  const [mail, ...others] = await mailing.mails()
  expect([mail?.to, others]).toEqual([['team@acme.example'], []])
  expect(mail!.text).toContain('Administrators of harbour: ada.')
})

test('what is no address is answered alike, and nobody gets a mail', async () => {
  const mailing = await startMailing()
  await mailing.server.user('ada')
  for (const text of ['ada', '826S', ''])
    expect((await forget(mailing, text)).json).toEqual({ status: 'sent' })
  expect(await mailing.mails()).toEqual([])
})

test('a call without a CSRF token is refused', async () => {
  const mailing = await startMailing()
  const call = mailing.server.call('POST', '/api/v1/recovery', { body: { email: 'a@example.com' } })
  expect(await outcome(call)).toEqual([403, 'invalid_csrf_token'])
})

test.each([
  ['POST', '/api/v1/recovery'],
  ['GET', '/confirm?code=x'],
  ['GET', '/recovery?code=x'],
  ['GET', '/authrepoemail?code=x'],
] as const)('%s %s is not there in a registry without mail', async (method, path) => {
  const server = await startServer()
  const body = method === 'POST' ? { body: { email: 'ada@example.com' } } : {}
  expect(await outcome(server.call(method, path, body))).toEqual([404, 'not_found'])
})

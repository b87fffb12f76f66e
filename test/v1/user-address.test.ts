import { expect, test } from 'vitest'

import { listAudit, mintToken, withSession } from '#test/support/account.ts'
import { signIn } from '#test/support/server.ts'
import { startMailing } from './mail-fixture.ts'
import { me } from './user-fixture.ts'

test('a new address waits for the link in a mail to it; then the old one is told', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const { call } = await server.user('ada')
  const asked = await call('PUT', me, { body: { email: 'ada@new.example.com' } })
  expect([asked.status, asked.json.email]).toEqual([200, 'ada@example.com'])
  const [mail, ...others] = await mailing.mails()
  expect([mail?.to, others]).toEqual([['ada@new.example.com'], []])

  const followed = await call('GET', mail!.path)
  expect([followed.status, followed.headers.get('location')]).toEqual([
    302,
    '/user/ada?tab=settings',
  ])
  const { json } = await call('GET', me)
  expect(json.email).toBe('ada@new.example.com')
  expect(await mailing.mails()).toMatchObject([{ to: ['ada@example.com'] }])
  expect(await listAudit(server, 'ada', 'user_change_email')).toMatchObject([
    {
      performer: 'ada',
      metadata: { email: 'ada@new.example.com', old_email: 'ada@example.com' },
    },
  ])
})

test('only the last new address that was asked for can be confirmed', async () => {
  const mailing = await startMailing()
  const { call } = await mailing.server.user('ada')
  await call('PUT', me, { body: { email: 'one@example.com' } })
  await call('PUT', me, { body: { email: 'two@example.com' } })
  const [one, two] = await mailing.mails()
  expect((await call('GET', one!.path)).status).toBe(200)
  expect((await call('GET', two!.path)).status).toBe(302)
})

test('the link for a new address works in a session of its user alone, and signs nobody in', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const { call } = await server.user('ada')
  const { call: eve } = await server.user('eve')
  await call('PUT', me, { body: { email: 'typo@elsewhere.example' } })
  const [mail] = await mailing.mails()
  const { path } = mail!
  const token = server.withToken(await mintToken(server, 'ada', ['user:admin']))
  for (const stranger of [server.call, eve, token]) {
    const page = await stranger('GET', path)
    expect([page.status, page.headers.get('set-cookie')]).toEqual([200, null])
    expect(page.text).toContain('Sign in first')
  }
  expect((await call('GET', me)).json.email).toBe('ada@example.com')
  const followed = await call('GET', path)
  expect([followed.status, followed.headers.get('set-cookie')]).toEqual([302, null])
  expect((await call('GET', me)).json.email).toBe('typo@elsewhere.example')
})

test('signing out ends the link for a new address', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const { call } = await server.user('ada')
  await call('PUT', me, { body: { email: 'ada@new.example.com' } })
  const [mail] = await mailing.mails()
  expect((await call('POST', '/api/v1/signout')).status).toBe(200)
  const again = withSession(server, await signIn(server.call, 'ada'))
  expect((await again('GET', mail!.path)).text).toContain('This link does not work')
  expect((await again('GET', me)).json.email).toBe('ada@example.com')
})

test('that somebody has the new address is told in a mail to it and nowhere else', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const { call } = await server.user('ada')
  await server.user('bob')
  const asked = await call('PUT', me, { body: { email: 'bob@example.com' } })
  expect([asked.status, asked.json.email]).toEqual([200, 'ada@example.com'])
  const mails = await mailing.mails()
  expect(mails).toMatchObject([{ to: ['bob@example.com'], path: '/signin' }])
  expect(mails[0]!.text).toContain('your account bob')
})

test('an address that somebody took in the meantime is not given away', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  const { call } = await server.user('ada')
  await call('PUT', me, { body: { email: 'bob@example.com' } })
  await server.user('bob')
  const [mail] = await mailing.mails()
  const followed = await call('GET', mail!.path)
  expect(followed.text).toContain('This link does not work')
  expect((await call('GET', me)).json.email).toBe('ada@example.com')
})

test('a new password is told by mail, and ends the links that were sent before', async () => {
  const mailing = await startMailing()
  const { call } = await mailing.server.user('ada')
  await call('PUT', me, { body: { email: 'ada@new.example.com' } })
  const [change] = await mailing.mails()
  await call('PUT', me, { body: { password: 'another-horse' } })
  expect(await mailing.mails()).toMatchObject([
    { to: ['ada@example.com'], headers: { subject: 'Your password for Portolan was changed' } },
  ])
  const again = withSession(
    mailing.server,
    await signIn(mailing.server.call, 'ada', 'another-horse'),
  )
  expect((await again('GET', change!.path)).text).toContain('This link does not work')
})

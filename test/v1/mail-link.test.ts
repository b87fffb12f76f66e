import { expect, test } from 'vitest'

import { signIn } from '#test/support/server.ts'
import { withSession } from '#test/support/account.ts'
import { followLink, forget, openLink, startMailing } from './mail-fixture.ts'
import { follow, me, signUp } from './user-fixture.ts'

const bob = { username: 'bob', password: 'correct-horse', email: 'bob@example.com' }

test('a browser that opens the link to confirm an address is asked first, and told whose account it is', async () => {
  const mailing = await startMailing()
  await signUp(mailing.server, bob)
  const [mail] = await mailing.mails()
  const { page, press } = await openLink(mailing, mail!.path)
  expect(page.status).toBe(200)
  expect(page.text).toContain('Confirm and sign in as bob')
  expect(page.text).toContain('bob@example.com')
  expect(page.headers.get('cache-control')).toBe('no-store')
  expect(page.headers.get('referrer-policy')).toBe('no-referrer')
  expect((await follow(mailing.server, page)('GET', me)).status).toBe(401)

  const pressed = await press()
  expect([pressed.status, pressed.headers.get('location')]).toEqual([302, '/'])
  const { json } = await follow(mailing.server, pressed)('GET', me)
  expect(json).toMatchObject({ username: 'bob', verified: true })
})

test('a program that opens links as browsers do uses no code up', async () => {
  const mailing = await startMailing()
  await signUp(mailing.server, bob)
  const [mail] = await mailing.mails()
  for (let looks = 0; looks < 3; looks++) await openLink(mailing, mail!.path)
  const { press } = await openLink(mailing, mail!.path)
  expect((await press()).status).toBe(302)
  expect((await openLink(mailing, mail!.path)).page.text).toContain('This link does not work')
})

test('a browser that fetches the link for another page, as an image, signs nobody in', async () => {
  const mailing = await startMailing()
  await signUp(mailing.server, bob)
  const [mail] = await mailing.mails()
  for (const headers of [
    { 'user-agent': 'Mozilla/5.0', accept: 'image/avif,image/*' },
    { 'user-agent': 'Harbour/1.0', 'sec-fetch-site': 'same-site' },
  ]) {
    const answer = await mailing.server.call('GET', mail!.path, { headers })
    expect(answer.status).toBe(200)
    expect((await follow(mailing.server, answer)('GET', me)).status).toBe(401)
  }
})

test('the button wants the CSRF token of the session that opened the page', async () => {
  const mailing = await startMailing()
  await signUp(mailing.server, bob)
  const [mail] = await mailing.mails()
  const { press } = await openLink(mailing, mail!.path)
  for (const token of ['', 'x']) expect((await press({ _csrf_token: token })).status).toBe(403)
  const other = await openLink(mailing, mail!.path)
  const stolen = other.page.text.match(/name="_csrf_token" value="([^"]*)"/)![1]!
  expect((await press({ _csrf_token: stolen })).status).toBe(403)
  expect((await press()).status).toBe(302)
})

test('a form of another session is told on a page that it is too old', async () => {
  const mailing = await startMailing()
  await signUp(mailing.server, bob)
  const [mail] = await mailing.mails()
  const { press } = await openLink(mailing, mail!.path)
  const late = await press({ _csrf_token: 'of another session' })
  expect([late.status, late.text]).toEqual([403, expect.stringContaining('This page is too old')])
})

test('a browser asks before it signs in who has forgotten the password', async () => {
  const mailing = await startMailing()
  await mailing.server.user('ada')
  await forget(mailing, 'ada@example.com')
  const [mail] = await mailing.mails()
  const { page, press } = await openLink(mailing, mail!.path)
  expect(page.text).toContain('Sign in as ada')
  const pressed = await press()
  expect(pressed.headers.get('location')).toBe('/user/ada?tab=settings&action=password')
  const ada = follow(mailing.server, pressed)
  expect((await ada('GET', me)).json).toMatchObject({ username: 'ada' })
})

test('the link for a new address asks only in a session of its user', async () => {
  const mailing = await startMailing()
  const { server } = mailing
  await server.user('ada')
  await server.user('eve')
  const session = await signIn(server.call, 'ada')
  await withSession(server, session)('PUT', me, { body: { email: 'new@example.com' } })
  const [mail] = await mailing.mails()
  for (const cookie of ['', (await signIn(server.call, 'eve')).cookie]) {
    const { page } = await openLink(mailing, mail!.path, cookie)
    expect(page.text).toContain('Sign in first')
    expect(page.text).not.toContain('new@example.com')
  }
  const { page, press } = await openLink(mailing, mail!.path, session.cookie)
  expect(page.text).toContain('new@example.com')
  expect((await press()).headers.get('location')).toBe('/user/ada?tab=settings')
  const { json } = await withSession(server, session)('GET', me)
  expect(json.email).toBe('new@example.com')
})

test('a browser asks before an address agrees to notifications of a repository', async () => {
  const mailing = await startMailing()
  const { call } = await mailing.server.user('acme')
  const { url } = await mailing.server.repository('acme/nginx')
  const path = `${url}/authorizedemail/ops@example.com`
  await call('POST', path)
  const [mail] = await mailing.mails()
  const { page, press } = await openLink(mailing, mail!.path)
  expect(page.text).toContain('acme/nginx')
  expect((await call('GET', path)).json.confirmed).toBe(false)
  expect((await press()).text).toContain('Thank you')
  expect((await call('GET', path)).json.confirmed).toBe(true)
})

test('an address agrees to nothing of a repository that is on its way out', async () => {
  const mailing = await startMailing()
  const { call } = await mailing.server.user('acme')
  const { url } = await mailing.server.repository('acme/nginx')
  await call('POST', `${url}/authorizedemail/ops@example.com`)
  const [mail] = await mailing.mails()
  const { press } = await openLink(mailing, mail!.path)
  expect((await call('DELETE', url)).status).toBe(204)
  const { page } = await openLink(mailing, mail!.path)
  for (const { text } of [page, await press()]) expect(text).toContain('This link does not work')
})

test.each(['/confirm', '/recovery', '/authrepoemail'])(
  'a browser is told at %s that a code does not work',
  async (path) => {
    const mailing = await startMailing()
    const { page } = await openLink(mailing, `${path}?code=unknown`)
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('does not work')])
  },
)

test('a disabled account is told nothing: its links do not work', async () => {
  const mailing = await startMailing()
  await mailing.server.user('ada')
  await forget(mailing, 'ada@example.com')
  const [mail] = await mailing.mails()
  await mailing.server.deps.db
    .updateTable('namespace')
    .set({ enabled: false })
    .where('name', '=', 'ada')
    .execute()
  const { page } = await openLink(mailing, mail!.path)
  expect(page.text).toContain('This link does not work')
  expect((await followLink(mailing, mail!.path)).text).toContain('This link does not work')
})

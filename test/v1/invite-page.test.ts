import { expect, test } from 'vitest'

import { signIn, type TestServer } from '#test/support/server.ts'
import { sendForm } from './oauth-fixture.ts'
import { openLink, startMailing, type Mailing } from './mail-fixture.ts'
import { namesIn, newOrganization } from './team-fixture.ts'

/** An organization with a team `builders`, and somebody who is invited by mail; gives the link of the mail. */
async function startInvited() {
  const mailing = await startMailing()
  const organization = await newOrganization(mailing.server)
  const members = await organization.team('builders')
  const ada = await organization.user()
  const invited = await organization.admin.call('PUT', `${members}/${ada.name}`)
  expect(invited.json.invited).toBe(true)
  const [mail] = await mailing.mails()
  return { mailing, organization, members, ada, path: mail!.path }
}

const sessionOf = (server: TestServer, name: string) => signIn(server.call, name)

/** Opens the link as somebody and presses one of its buttons. */
async function answer(mailing: Mailing, path: string, wanted: { name: string; answer: string }) {
  const { cookie } = await sessionOf(mailing.server, wanted.name)
  const { press } = await openLink(mailing, path, cookie)
  return press({ answer: wanted.answer })
}

test('who opens the link of an invitation is asked to sign in, and comes back', async () => {
  const { mailing, path } = await startInvited()
  const { page } = await openLink(mailing, path)
  expect(page.status).toBe(200)
  const [, link] = page.text.match(/href="(\/signin\?[^"]*)"/) ?? []
  const next = new URLSearchParams(link!.slice('/signin?'.length)).get('next')
  expect(next).toBe(path)
  expect(page.headers.get('referrer-policy')).toBe('no-referrer')
})

test('the page says who invites whom to what, and its button joins the team', async () => {
  const { mailing, organization, members, ada, path } = await startInvited()
  const { cookie } = await sessionOf(mailing.server, ada.name)
  const { page } = await openLink(mailing, path, cookie)
  for (const word of [organization.name, organization.admin.name, ada.name, 'builders'])
    expect(page.text).toContain(word)
  expect(namesIn(await organization.admin.call('GET', members))).toEqual([])
  const pressed = await answer(mailing, path, { name: ada.name, answer: 'accept' })
  expect([pressed.status, pressed.text]).toEqual([
    200,
    expect.stringContaining('You are in the team builders'),
  ])
  expect(namesIn(await organization.admin.call('GET', members))).toEqual([ada.name])
  const { page: again } = await openLink(mailing, path, cookie)
  expect(again.text).toContain('This invitation does not work')
})

test('the other button declines', async () => {
  const { mailing, organization, members, ada, path } = await startInvited()
  const pressed = await answer(mailing, path, { name: ada.name, answer: 'decline' })
  expect([pressed.status, pressed.text]).toEqual([200, expect.stringContaining('Declined')])
  const { json } = await organization.admin.call('GET', `${members}?includePending=true`)
  expect(json.members).toEqual([])
})

test('an invitation of somebody else says nothing of it', async () => {
  const { mailing, organization, path } = await startInvited()
  const eve = await organization.user()
  const { cookie } = await sessionOf(mailing.server, eve.name)
  const { page } = await openLink(mailing, path, cookie)
  expect(page.text).toContain('This invitation does not work')
  expect(page.text).not.toContain(organization.name)
})

test('a form that is refused is answered with a page in a browser', async () => {
  const { mailing, ada, path } = await startInvited()
  const { cookie, csrfToken } = await sessionOf(mailing.server, ada.name)
  const code = new URLSearchParams(path.slice(path.indexOf('?'))).get('code')!
  const send = (form: Record<string, string>, sent = cookie) =>
    sendForm(mailing.server.call, '/confirminvite', form, {
      accept: 'text/html',
      ...(sent === '' ? {} : { cookie: sent }),
    })
  const stale = await send({ code, answer: 'accept' })
  expect([stale.status, stale.text]).toEqual([403, expect.stringContaining('too old')])
  const unknown = await send({ code: 'unknown', answer: 'accept', _csrf_token: csrfToken })
  expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('no team')])
  const nobody = await send({ code, answer: 'accept', _csrf_token: csrfToken }, '')
  expect([nobody.status, nobody.text]).toEqual([401, expect.stringContaining('Sign in first')])
})

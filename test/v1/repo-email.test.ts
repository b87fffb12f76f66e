import { expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { followLink, startMailing } from './mail-fixture.ts'

async function startWithRepository() {
  const mailing = await startMailing()
  const { call } = await mailing.server.user('acme')
  const { url } = await mailing.server.repository('acme/nginx')
  return { mailing, call, path: `${url}/authorizedemail/ops@example.com` }
}
const view = { email: 'ops@example.com', namespace: 'acme', repository: 'nginx' }

test('an address gets notifications of a repository once whoever reads its mails has agreed', async () => {
  const { mailing, call, path } = await startWithRepository()
  expect(await outcome(call('GET', path))).toEqual([404, 'not_found'])
  expect((await call('POST', path)).json).toEqual({ ...view, confirmed: false })
  expect((await call('GET', path)).json).toEqual({ ...view, confirmed: false })

  const [mail] = await mailing.mails()
  expect(mail).toMatchObject({ to: ['ops@example.com'] })
  expect(mail!.text).toContain('acme/nginx')
  const followed = await followLink(mailing, mail!.path)
  expect([followed.status, followed.headers.get('referrer-policy')]).toEqual([200, 'no-referrer'])
  expect(followed.text).toContain('Thank you')
  expect((await call('GET', path)).json).toEqual({ ...view, confirmed: true })
})

test('who has agreed is not asked again', async () => {
  const { mailing, call, path } = await startWithRepository()
  await call('POST', path)
  const [mail] = await mailing.mails()
  await followLink(mailing, mail!.path)
  expect((await call('POST', path)).json.confirmed).toBe(true)
  expect(await mailing.mails()).toEqual([])
})

test('a link works for a week, and until the next one', async () => {
  const { mailing, call, path } = await startWithRepository()
  await call('POST', path)
  await call('POST', path)
  const [first, second] = await mailing.mails()
  expect((await followLink(mailing, first!.path)).text).toContain('This link does not work')
  mailing.server.clock.advance(7 * 86_400)
  expect((await followLink(mailing, second!.path)).text).toContain('This link does not work')
  expect((await call('GET', path)).json.confirmed).toBe(false)
})

test('an address gets five such mails an hour, and the last link stays good', async () => {
  const { mailing, call, path } = await startWithRepository()
  for (let count = 1; count <= 7; count++)
    expect((await call('POST', path)).json.confirmed).toBe(false)
  const mails = await mailing.mails()
  expect(mails).toHaveLength(5)
  expect((await followLink(mailing, mails[4]!.path)).text).toContain('Thank you')
})

test('it takes the right to administer the repository, and an address', async () => {
  const { mailing, call, path } = await startWithRepository()
  const { call: stranger } = await mailing.server.user('stranger')
  for (const method of ['GET', 'POST']) {
    expect(await outcome(stranger(method, path))).toEqual([403, 'insufficient_scope'])
    expect(await outcome(mailing.server.call(method, path))).toEqual([401, 'invalid_token'])
    const missing = call(method, path.replace('nginx', 'none'))
    expect(await outcome(missing)).toEqual([404, 'not_found'])
  }
  const bad = call('POST', path.replace('ops@', 'ops'))
  expect(await outcome(bad)).toEqual([400, 'invalid_request'])
})

test('it is not there in a registry without mail', async () => {
  const server = await startServer()
  const { call } = await server.user('acme')
  const { url } = await server.repository('acme/nginx')
  const path = `${url}/authorizedemail/ops@example.com`
  expect(await outcome(call('GET', path))).toEqual([404, 'not_found'])
  expect(await outcome(call('POST', path))).toEqual([404, 'not_found'])
})

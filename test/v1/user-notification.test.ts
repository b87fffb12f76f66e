import { randomUUID } from 'node:crypto'

import { expect, test } from 'vitest'

import { outcome, type Call } from '#test/support/client.ts'
import { shareServer } from '#test/support/shared.ts'
import { transact } from '#store/db.ts'
import { deleteNotifications, insertNotification } from '#store/user-notification.ts'
import { mintToken } from '#test/support/account.ts'
import { fresh, newOrganization } from './team-fixture.ts'

const shared = shareServer()
const path = '/api/v1/user/notifications'

/** Tells somebody something; `metadata.n` says what. */
const tell = (namespaceId: number, n: number, lookupKey?: string) =>
  transact(shared().deps.db, (tx) =>
    insertNotification(tx, {
      namespaceId,
      kind: 'assigned_authorization',
      metadata: { n },
      ...(lookupKey === undefined ? {} : { lookupKey }),
      at: shared().clock.now(),
    }),
  )

const list = async (call: Call, query = '') => {
  const { json } = await call('GET', path + query)
  return {
    told: (json.notifications as { metadata: { n: number } }[]).map(({ metadata }) => metadata.n),
    additional: json.additional as boolean,
  }
}

const newUser = () => shared().user(fresh('reader'))

test('listUserNotifications gives the newest first, five a page from page 0', async () => {
  const { id, call } = await newUser()
  for (let n = 1; n <= 7; n += 1) await tell(id, n)
  expect(await list(call)).toEqual({ told: [7, 6, 5, 4, 3], additional: true })
  expect(await list(call, '?page=1')).toEqual({ told: [2, 1], additional: false })
  expect(await list(call, '?page=2')).toEqual({ told: [], additional: false })
  expect(await list(call, '?page=1&limit=3')).toEqual({ told: [4, 3, 2], additional: true })
  expect(await list(call, '?limit=7')).toMatchObject({ additional: false })
  // Other numbers are clamped.
  expect((await list(call, '?limit=0&page=-1')).told).toEqual([7])
  expect((await list(call, '?limit=100000')).told).toHaveLength(7)
  const refused = [400, 'invalid_request']
  expect(await outcome(call('GET', `${path}?page=1001`))).toEqual(refused)
  expect(await outcome(call('GET', `${path}?limit=many`))).toEqual(refused)
})

test('a notification tells when, of what kind and to whom', async () => {
  const { id, call } = await newUser()
  await tell(id, 1)
  const { json } = await call('GET', path)
  expect(json.notifications).toEqual([
    {
      id: expect.any(String),
      organization: null,
      kind: 'assigned_authorization',
      created: expect.any(String),
      metadata: { n: 1 },
      dismissed: false,
    },
  ])
})

test('administrators read what their organization is told; other members do not', async () => {
  const { team, member, admin, name } = await newOrganization(shared())
  await team('builders', 'creator')
  const [other, builder] = [await member('owners'), await member('builders')]
  const { id } = await shared()
    .deps.db.selectFrom('namespace')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  await tell(admin.id, 1)
  await tell(id, 2)
  await tell(admin.id, 3)
  expect((await list(admin.call)).told).toEqual([3, 2, 1])
  expect((await list(other.call)).told).toEqual([2])
  expect((await list(builder.call)).told).toEqual([])
  const { json } = await other.call('GET', path)
  expect(json.notifications[0].organization).toBe(name)
  const uuid = json.notifications[0].id as string
  expect(await outcome(builder.call('GET', `${path}/${uuid}`))).toEqual([404, 'not_found'])
})

test('a dismissed notification is left out of the list, and can be brought back', async () => {
  const { id, call } = await newUser()
  await tell(id, 1)
  await tell(id, 2)
  const { json } = await call('GET', path)
  const one = `${path}/${json.notifications[1].id}`
  const dismissed = await call('PUT', one, { body: { dismissed: true } })
  expect(dismissed.json).toEqual({ ...json.notifications[1], dismissed: true })
  expect((await list(call)).told).toEqual([2])
  expect((await call('GET', one)).json).toEqual(dismissed.json)
  expect((await call('PUT', one, { body: {} })).json.dismissed).toBe(false)
  expect((await list(call)).told).toEqual([2, 1])
})

test('a notification of somebody else is not found, like one that there is not', async () => {
  const [ada, eve] = [await newUser(), await newUser()]
  await tell(ada.id, 1)
  const { json } = await ada.call('GET', path)
  const missing = [404, 'not_found']
  for (const uuid of [json.notifications[0].id, randomUUID(), 'nothing']) {
    const one = `${path}/${uuid}`
    expect(await outcome(eve.call('GET', one))).toEqual(missing)
    expect(await outcome(eve.call('PUT', one, { body: { dismissed: true } }))).toEqual(missing)
  }
  expect((await list(ada.call)).told).toEqual([1])
})

test('notifications are for their user, with the right to administer the account', async () => {
  const name = fresh('reader')
  await shared().user(name)
  const read = async (scope: 'user:read' | 'user:admin') =>
    outcome(shared().withToken(await mintToken(shared(), name, [scope]))('GET', path))
  expect(await read('user:admin')).toEqual([200])
  expect(await read('user:read')).toEqual([403, 'insufficient_scope'])
  expect(await outcome(shared().call('GET', path))).toEqual([401, 'invalid_token'])
  const uuid = randomUUID()
  expect(await outcome(shared().call('GET', `${path}/${uuid}`))).toEqual([401, 'invalid_token'])
})

test('what was told under a key is taken back by it', async () => {
  const { id, call } = await newUser()
  const key = fresh('key')
  await tell(id, 1, key)
  await tell(id, 2)
  await transact(shared().deps.db, (tx) => deleteNotifications(tx, key))
  expect((await list(call)).told).toEqual([2])
})

import { expect, test } from 'vitest'

import { listAudit, makeOrganization } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { federation, robot, startFederated } from './robot-federation-fixture.ts'

const issuer = 'https://ci.example.com'

test('createUserRobotFederation replaces the list, which deleteUserRobotFederation empties', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  await acme('PUT', robot)
  expect((await acme('GET', federation)).json).toEqual([])
  const first = [
    { issuer, subject: 'a' },
    { issuer, subject: 'b', audience: 'portolan' },
  ]
  expect((await acme('POST', federation, { body: first })).json).toEqual(first)
  const second = [{ issuer, subject: 'c' }]
  const odd = [{ ...second[0], admin: true }]
  expect((await acme('POST', federation, { body: odd })).json).toEqual(second)
  expect((await acme('GET', federation)).json).toEqual(second)
  expect(await outcome(acme('DELETE', federation))).toEqual([204])
  expect((await acme('GET', federation)).json).toEqual([])
  const entries = (await listAudit(server, 'acme')).map(({ kind, metadata }) => [kind, metadata])
  expect(entries.slice(-3)).toEqual([
    ['create_robot_federation', { config: first, robot: 'ci' }],
    ['create_robot_federation', { config: second, robot: 'ci' }],
    ['delete_robot_federation', { robot: 'ci' }],
  ])
})

test('an administrator federates robots of an organization', async () => {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const path = '/api/v1/organization/acme/robots/ci'
  await ada('PUT', path)
  const body = [{ issuer, subject: 'a' }]
  expect((await ada('POST', `${path}/federation`, { body })).json).toEqual(body)
  expect((await ada('GET', `${path}/federation`)).json).toEqual(body)
  expect((await ada('DELETE', `${path}/federation`)).status).toBe(204)
})

test.each([
  ['an entry without a subject', [{ issuer }]],
  ['an entry without an issuer', [{ subject: 'a' }]],
  ['an empty subject', [{ issuer, subject: '' }]],
  ['an issuer that is no URL', [{ issuer: 'ci.example.com', subject: 'a' }]],
  ['an issuer without TLS', [{ issuer: 'http://ci.example.com', subject: 'a' }]],
  ['an internal issuer', [{ issuer: 'https://10.0.0.1', subject: 'a' }]],
  ['an issuer with a password', [{ issuer: 'https://a:b@ci.example.com', subject: 'a' }]],
  ['the same pair twice', ['a', 'a'].map((subject) => ({ issuer, subject }))],
  [
    'the same pair for two audiences',
    ['x', 'y'].map((audience) => ({ issuer, subject: 'a', audience })),
  ],
  ['more than 50 entries', Array.from({ length: 51 }, (_, i) => ({ issuer, subject: `s${i}` }))],
  ['an object', { issuer, subject: 'a' }],
])('createUserRobotFederation refuses %s and leaves the list as it was', async (_what, body) => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  await acme('PUT', robot)
  const refused = await outcome(acme('POST', federation, { body }))
  expect(refused).toEqual([400, 'invalid_request'])
  expect((await acme('GET', federation)).json).toEqual([])
})

test('createUserRobotFederation refuses an unknown robot', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  const refused = await outcome(acme('POST', federation, { body: [{ issuer, subject: 'a' }] }))
  expect(refused).toEqual([400, 'invalid_request'])
})

test('an issuer with http is taken when SSRF_ALLOWED_HOSTS names its host', async () => {
  const { issuer: local, acme } = await startFederated()
  expect(local.url).toMatch(/^http:/)
  expect((await acme('GET', federation)).json).toMatchObject([{ issuer: local.url }])
})

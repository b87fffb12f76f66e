import { expect, onTestFinished, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { createDatabase } from '#test/support/database.ts'
import { startServer } from '#test/support/server.ts'
import { logIn, makeRobot } from '#test/support/machine.ts'
import { logInByForm } from './robot-fixture.ts'

const robots = '/api/v1/user/robots'

test('while robots are disallowed none is made, and those that are not listed cannot log in', async () => {
  const database = await createDatabase()
  onTestFinished(() => database.drop())
  const before = await startServer({}, { database })
  await before.user('acme')
  const listed = await makeRobot(before, 'acme', 'ci')
  const other = await makeRobot(before, 'acme', 'cd')
  const login = { grant_type: 'password', access_type: 'offline', username: other.name }
  const { json } = await logInByForm(before, { ...login, password: other.token })

  const settings = { ROBOTS_DISALLOW: 'true', ROBOTS_WHITELIST: 'acme+ci' }
  const server = await startServer(settings, { database })
  const refused = await outcome(server.as('acme')('PUT', `${robots}/new`))
  expect(refused).toEqual([400, 'invalid_request'])
  expect((await logIn(server, listed.name, listed.token)).status).toBe(200)
  expect((await logIn(server, other.name, other.token)).status).toBe(401)
  const refresh = { grant_type: 'refresh_token', refresh_token: json.refresh_token }
  expect((await logInByForm(server, refresh)).status).toBe(400)
  expect((await server.as('acme')('GET', robots)).json.robots).toHaveLength(2)
})

test('the time of the last login is shown, unless FEATURE_USER_LAST_ACCESSED is off', async () => {
  const database = await createDatabase()
  onTestFinished(() => database.drop())
  const server = await startServer({}, { database })
  const { call: acme } = await server.user('acme')
  const { json } = await acme('PUT', `${robots}/ci`)
  await logIn(server, 'acme+ci', 'A'.repeat(64))
  await server.deps.lastUse.flush()
  expect((await acme('GET', `${robots}/ci`)).json.last_accessed).toBeNull()
  await logIn(server, 'acme+ci', json.token)
  await server.deps.lastUse.flush()
  expect((await acme('GET', `${robots}/ci`)).json.last_accessed).toMatch(/-0000$/)
  const silent = await startServer({ FEATURE_USER_LAST_ACCESSED: 'false' }, { database })
  expect((await silent.as('acme')('GET', `${robots}/ci`)).json.last_accessed).toBeNull()
})

test('robots take the new name of a user, and keep their token', async () => {
  const server = await startServer({ FEATURE_USER_RENAME: 'true' })
  const { call: acme } = await server.user('acme')
  const { json } = await acme('PUT', `${robots}/ci`)
  await acme('PUT', '/api/v1/user/', { body: { username: 'apex' } })
  expect((await acme('GET', robots)).json.robots).toMatchObject([{ name: 'apex+ci' }])
  expect((await logIn(server, 'apex+ci', json.token)).status).toBe(200)
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(401)
})

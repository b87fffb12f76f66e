import { expect, test } from 'vitest'

import { grant, listAudit, mintToken } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { logIn } from '#test/support/machine.ts'
import { startServer } from '#test/support/server.ts'
import { logInByForm } from './robot-fixture.ts'

const robots = '/api/v1/user/robots'
const scope = 'repository:acme/nginx:pull'

test('createUserRobot makes a robot that logs in with its token', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  const body = { description: 'Deploys', unstructured_metadata: { pipeline: 'release' } }
  const { status, json } = await acme('PUT', `${robots}/ci`, { body })
  expect([status, json.name, json.last_accessed]).toEqual([201, 'acme+ci', null])
  expect(json).toMatchObject(body)
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(200)
  expect((await acme('GET', `${robots}/ci`)).json).toEqual(json)
  const audit = await listAudit(server, 'acme', 'create_robot')
  expect(audit).toMatchObject([{ metadata: { robot: 'ci', ...body }, performer: 'acme' }])
})

test('createUserRobot takes no body, an empty one, and fields that it does not know', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  const empty = { description: '', unstructured_metadata: {} }
  expect((await acme('PUT', `${robots}/a1`)).json).toMatchObject(empty)
  expect((await acme('PUT', `${robots}/a2`, { body: {} })).json).toMatchObject(empty)
  const odd = { kind: 'user', token: 'mine', name: 'ada' }
  expect((await acme('PUT', `${robots}/a3`, { body: odd })).json).toMatchObject({
    ...empty,
    name: 'acme+a3',
    token: expect.stringMatching(/^[A-Z0-9]{64}$/),
  })
})

test('createUserRobot refuses a robot that exists', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  const { json } = await acme('PUT', `${robots}/ci`)
  expect(await outcome(acme('PUT', `${robots}/ci`))).toEqual([400, 'invalid_request'])
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(200)
})

test('of robots that are made at once under one name, one is made', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  const answers = await Promise.all(Array.from({ length: 8 }, () => acme('PUT', `${robots}/ci`)))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(400)])
  const made = answers.find(({ status }) => status === 201)!
  expect((await logIn(server, 'acme+ci', made.json.token)).status).toBe(200)
})

test.each(['x', 'CI', 'a+b', '-ci', 'c..i', `a${'b'.repeat(255)}`, 'c%00i'])(
  'createUserRobot refuses the name %s',
  async (name) => {
    const server = await startServer()
    const { call: acme } = await server.user('acme')
    expect(await outcome(acme('PUT', `${robots}/${name}`))).toEqual([400, 'invalid_request'])
  },
)

test.each([
  ['a description that is no text', { description: 1 }],
  ['a long description', { description: 'x'.repeat(256) }],
  ['metadata that are no object', { unstructured_metadata: [] }],
  ['metadata of more than 16 KiB', { unstructured_metadata: { a: 'x'.repeat(16_384) } }],
  ['a list', []],
  ['broken JSON', '{'],
  ['what cannot be kept', '{"unstructured_metadata":{"a":"\\u0000"}}'],
])('createUserRobot refuses %s', async (_what, body) => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  const headers = { 'content-type': 'application/json' }
  const refused = await outcome(acme('PUT', `${robots}/ci`, { headers, body }))
  expect(refused).toEqual([400, 'invalid_request'])
})

test('createUserRobot refuses a body of more than 1 MiB', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  const body = { unstructured_metadata: { a: 'x'.repeat(1_048_576) } }
  const refused = await outcome(acme('PUT', `${robots}/ci`, { body }))
  expect(refused).toEqual([413, 'payload_too_large'])
})

test('getUserRobots lists your robots by name, with tokens unless they are not wanted', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  const { call: other } = await server.user('acme2')
  for (const name of ['b-2', 'a10', 'a2']) await acme('PUT', `${robots}/${name}`)
  await other('PUT', `${robots}/zz`)
  const namesOf = async (query: string) =>
    (await acme('GET', `${robots}${query}`)).json.robots.map(
      ({ name, token }: { name: string; token?: string }) => `${name} ${token?.length}`,
    )
  expect(await namesOf('')).toEqual(['acme+a10 64', 'acme+a2 64', 'acme+b-2 64'])
  expect(await namesOf('?token=false&limit=2')).toEqual(['acme+a10 undefined', 'acme+a2 undefined'])
  expect(await outcome(acme('GET', `${robots}?limit=0`))).toEqual([400, 'invalid_request'])
  expect(await outcome(acme('GET', `${robots}?limit=10001`))).toEqual([400, 'invalid_request'])
})

test('getUserRobotPermissions shows the roles that a robot was given', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  await server.repository('acme/nginx')
  await server.repository('acme/app')
  await acme('PUT', `${robots}/ci`)
  await grant(server, 'acme/nginx', 'acme+ci', 'write')
  await grant(server, 'acme/app', 'acme+ci', 'read')
  expect((await acme('GET', `${robots}/ci/permissions`)).json.permissions).toEqual([
    { repository: { name: 'app', is_public: false }, role: 'read' },
    { repository: { name: 'nginx', is_public: false }, role: 'write' },
  ])
  const { json } = await acme('GET', `${robots}?permissions=true`)
  expect(json.robots[0]).toMatchObject({ teams: [], repositories: ['app', 'nginx'] })
})

test('regenerateUserRobotToken ends the former token and all that was made with it', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  await server.repository('acme/nginx')
  const { json: first } = await acme('PUT', `${robots}/ci`)
  await grant(server, 'acme/nginx', 'acme+ci', 'read')
  const { call: pull } = await logIn(server, 'acme+ci', first.token, scope)
  const login = { grant_type: 'password', access_type: 'offline', username: 'acme+ci' }
  const { json: offline } = await logInByForm(server, { ...login, password: first.token })
  const refresh = { grant_type: 'refresh_token', refresh_token: offline.refresh_token }
  expect((await pull('GET', '/v2/acme/nginx/tags/list')).status).toBe(200)
  expect((await logInByForm(server, refresh)).status).toBe(200)

  const { status, json } = await acme('POST', `${robots}/ci/regenerate`)
  expect([status, json.name]).toEqual([200, 'acme+ci'])
  expect(json.token).not.toBe(first.token)
  expect((await pull('GET', '/v2/acme/nginx/tags/list')).status).toBe(401)
  expect((await logInByForm(server, refresh)).status).toBe(400)
  expect((await logIn(server, 'acme+ci', first.token)).status).toBe(401)
  expect((await logIn(server, 'acme+ci', json.token, scope)).actions).toEqual(['pull'])
  const audit = await listAudit(server, 'acme', 'regenerate_robot_token')
  expect(audit).toMatchObject([{ metadata: { robot: 'ci' } }])
})

test('of tokens that are renewed at once, the one that is shown last works', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  await acme('PUT', `${robots}/ci`)
  const renewals = Array.from({ length: 6 }, () => acme('POST', `${robots}/ci/regenerate`))
  const tokens = (await Promise.all(renewals)).map(({ json }) => json.token)
  const { json } = await acme('GET', `${robots}/ci`)
  expect(tokens).toContain(json.token)
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(200)
})

test('deleteUserRobot takes the robot, its roles and its tokens away at once', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  await server.repository('acme/nginx')
  const { json } = await acme('PUT', `${robots}/ci`)
  await grant(server, 'acme/nginx', 'acme+ci', 'read')
  const { call: pull } = await logIn(server, 'acme+ci', json.token, scope)
  expect(await outcome(acme('DELETE', `${robots}/ci`))).toEqual([204])
  expect((await pull('GET', '/v2/acme/nginx/tags/list')).status).toBe(401)
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(401)
  const { db } = server.deps
  expect(await db.selectFrom('repository_grant').selectAll().execute()).toEqual([])
  expect(await listAudit(server, 'acme', 'delete_robot')).toMatchObject([
    { metadata: { robot: 'ci' } },
  ])
  // The name is free; what comes under it has nothing of the former robot.
  const { json: again } = await acme('PUT', `${robots}/ci`)
  expect((await logIn(server, 'acme+ci', json.token)).status).toBe(401)
  expect((await logIn(server, 'acme+ci', again.token, scope)).actions).toEqual([])
})

test('of those who delete a robot at once, one does', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  await acme('PUT', `${robots}/ci`)
  const deletes = Array.from({ length: 6 }, () => acme('DELETE', `${robots}/ci`))
  const statuses = (await Promise.all(deletes)).map(({ status }) => status)
  expect(statuses.sort()).toEqual([204, ...Array(5).fill(400)])
  expect(await listAudit(server, 'acme', 'delete_robot')).toHaveLength(1)
})

test('what is left of a deleted robot goes with a job, and the audit log still names it', async () => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  await server.repository('acme/nginx')
  const { json } = await acme('PUT', `${robots}/ci`)
  await grant(server, 'acme/nginx', 'acme+ci', 'write')
  const { call: push } = await logIn(
    server,
    'acme+ci',
    json.token,
    'repository:acme/nginx:pull,push',
  )
  await pushImage(push, 'acme/nginx', ['by-robot'])
  await acme('DELETE', `${robots}/ci`)
  await acme('PUT', `${robots}/ci`)
  await server.jobs()
  const { db } = server.deps
  const left = await db.selectFrom('namespace').select('name').where('kind', '=', 'robot').execute()
  expect(left).toEqual([{ name: 'acme+ci' }])
  const pushes = await db
    .selectFrom('log_entry')
    .select(['performer_id', 'performer_name'])
    .where('performer_name', '=', 'acme+ci')
    .execute()
  expect(pushes).not.toEqual([])
  expect(pushes.every(({ performer_id: id }) => id === null)).toBe(true)
})

test.each([
  ['GET', ''],
  ['DELETE', ''],
  ['POST', '/regenerate'],
  ['GET', '/permissions'],
  ['GET', '/federation'],
  ['DELETE', '/federation'],
])('%s robots/unknown%s answers 400', async (method, path) => {
  const server = await startServer()
  const { call: acme } = await server.user('acme')
  const { call: ada } = await server.user('ada')
  await ada('PUT', `${robots}/ci`)
  expect(await outcome(acme(method, `${robots}/ci${path}`))).toEqual([400, 'invalid_request'])
  expect((await ada('GET', `${robots}/ci`)).status).toBe(200)
})

test('robots of a user need the scope user:admin', async () => {
  const server = await startServer()
  await server.user('acme')
  const reader = server.withToken(await mintToken(server, 'acme', ['user:read', 'org:admin']))
  expect(await outcome(reader('GET', robots))).toEqual([403, 'insufficient_scope'])
  const admin = server.withToken(await mintToken(server, 'acme', ['user:admin']))
  expect((await admin('PUT', `${robots}/ci`)).status).toBe(201)
  expect(await outcome(server.call('GET', robots))).toEqual([401, 'invalid_token'])
})

test('a restricted user sees robots and changes none', async () => {
  const server = await startServer({ FEATURE_RESTRICTED_USERS: 'true' })
  const { call: acme } = await server.user('acme')
  for (const [method, path] of [
    ['PUT', ''],
    ['DELETE', ''],
    ['POST', '/regenerate'],
    ['DELETE', '/federation'],
  ] as const)
    expect(await outcome(acme(method, `${robots}/ci${path}`))).toEqual([403, 'insufficient_scope'])
  expect((await acme('GET', robots)).json).toEqual({ robots: [] })
})

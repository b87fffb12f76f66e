import { expect, test } from 'vitest'

import { grant, listAudit, makeOrganization, mintToken } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { basicAuth, makeRobot, mintAppToken } from '#test/support/machine.ts'
import { startServer } from '#test/support/server.ts'
import { shareServer } from '#test/support/shared.ts'
import { create, emailOf, pathOf, signInFirst } from './organization-fixture.ts'
import { fresh, newOrganization } from './team-fixture.ts'
import { me } from './user-fixture.ts'

const shared = shareServer()

test('deleteAdminedOrganization ends everything of the organization at once', async () => {
  const server = await startServer()
  const { call } = await server.user('ada')
  await create(call, { name: 'acme', email: emailOf('acme') })
  const push = await server.registry('ada', 'repository:acme/app:pull,push')
  await pushImage(push, 'acme/app', ['latest'])
  const robot = await makeRobot(server, 'acme', 'ci')
  expect(await outcome(call('DELETE', pathOf('acme')))).toEqual([204])

  expect(await outcome(call('GET', pathOf('acme')))).toEqual([404, 'not_found'])
  expect(await outcome(call('DELETE', pathOf('acme')))).toEqual([403, 'insufficient_scope'])
  expect((await call('GET', me)).json.organizations).toEqual([])
  expect((await call('GET', '/api/v1/repository/acme/app')).status).toBe(403)
  expect((await push('GET', '/v2/acme/app/manifests/latest')).status).toBe(401)
  const login = { headers: basicAuth(robot.name, robot.token) }
  expect((await server.call('GET', `/v2/auth?service=${server.host}`, login)).status).toBe(401)
  expect(await listAudit(server, 'acme', 'org_delete')).toMatchObject([
    { metadata: { namespace: 'acme' }, performer: 'ada' },
  ])
  // The address is free, the name is not before the job has ended.
  expect((await create(call, { name: 'acme' })).status).toBe(400)
  expect((await create(call, { name: 'bolt', email: emailOf('acme') })).status).toBe(201)
  await server.jobs()
  expect((await create(call, { name: 'acme' })).status).toBe(201)
})

test('deleteAdminedOrganization is for administrators with a fresh sign-in', async () => {
  const server = await startServer()
  const organization = await newOrganization(server)
  await organization.team('builders', 'creator')
  const builder = await organization.member('builders')
  const path = pathOf(organization.name)
  await signInFirst(organization.admin)
  expect(await outcome(builder.call('DELETE', path))).toEqual([403, 'insufficient_scope'])
  server.clock.advance(3600)
  const late = organization.admin.call('DELETE', path)
  expect(await outcome(late)).toEqual([401, 'fresh_login_required'])
})

test('an organization that is deleted twice at once is deleted once', async () => {
  const { admin, name } = await newOrganization(shared())
  await signInFirst(admin)
  const answers = await Promise.all([1, 2, 3].map(() => admin.call('DELETE', pathOf(name))))
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => status === 204)).toHaveLength(1)
  expect(await listAudit(shared(), name, 'org_delete')).toHaveLength(1)
})

test('a push into a namespace that is being deleted lands before it or is refused', async () => {
  const server = await startServer()
  for (let round = 0; round < 5; round += 1) {
    const { admin, name } = await newOrganization(server)
    const pushes = await Promise.all(
      ['one', 'two', 'three'].map(async (repository) => {
        const fullName = `${name}/${repository}`
        const push = await server.registry(admin.name, `repository:${fullName}:pull,push`)
        return () => push('POST', `/v2/${fullName}/blobs/uploads/`)
      }),
    )
    await signInFirst(admin)
    const remove = () => admin.call('DELETE', pathOf(name))
    const [deleted, ...answers] = await Promise.all([remove(), ...pushes.map((push) => push())])
    expect(deleted.status).toBe(204)
    for (const { status } of answers) expect([202, 401, 403, 404]).toContain(status)
    for (const push of pushes) expect((await push()).status).toBe(401)
    await server.jobs()
    const { db } = server.deps
    expect(await db.selectFrom('repository').select('name').execute()).toEqual([])
    expect((await create(admin.call, { name })).status).toBe(201)
  }
})

test('deleteCurrentUser ends the account, its credentials and its memberships at once', async () => {
  const server = await startServer()
  const { call } = await server.user('ada')
  const { name, admin } = await newOrganization(server)
  await makeOrganization(server, 'acme', { admin: admin.name, member: 'ada' })
  const body = { namespace: name, repository: 'app', visibility: 'private', description: '' }
  await admin.call('POST', '/api/v1/repository', { body })
  await grant(server, `${name}/app`, 'ada', 'read')
  const token = server.withToken(await mintToken(server, 'ada', ['user:admin']))
  const appToken = basicAuth('$app', await mintAppToken(server, 'ada'))
  expect(await outcome(call('DELETE', me))).toEqual([204])

  expect(await outcome(call('GET', me))).toEqual([401, 'invalid_token'])
  expect(await outcome(token('GET', me))).toEqual([401, 'invalid_token'])
  const login = server.call('GET', `/v2/auth?service=${server.host}`, { headers: appToken })
  expect((await login).status).toBe(401)
  expect((await server.call('GET', '/api/v1/users/ada')).status).toBe(404)
  const members = await admin.call('GET', `${pathOf('acme')}/members`)
  expect(members.json.members).toMatchObject([{ name: admin.name }])
  const { collaborators } = (await admin.call('GET', `${pathOf(name)}/collaborators`)).json
  expect(collaborators).toEqual([])
  expect(await listAudit(server, 'ada', 'user_delete')).toMatchObject([
    { metadata: { username: 'ada' }, performer: 'ada' },
  ])
  await server.jobs()
  await server.user('ada')
})

test('deleteCurrentUser is refused to the only administrator of an organization, who is told which', async () => {
  const { admin, name, member } = await newOrganization(shared())
  const { status, json } = await admin.call('DELETE', me)
  expect([status, json.error_type]).toEqual([400, 'invalid_request'])
  expect(json.detail).toContain(name)
  await member('owners')
  expect(await outcome(admin.call('DELETE', me))).toEqual([204])
})

test('an account that is deleted three times at once is deleted once, and is then nobody', async () => {
  const server = await startServer()
  const { call } = await server.user('ada')
  await call('GET', me)
  const attempts = await Promise.all([1, 2, 3].map(() => outcome(call('DELETE', me))))
  expect(attempts.toSorted(([a], [b]) => a - b)).toEqual([
    [204],
    [401, 'invalid_token'],
    [401, 'invalid_token'],
  ])
})

test('deleteCurrentUser wants a fresh sign-in', async () => {
  const server = await startServer()
  const { call } = await server.user('ada')
  await signInFirst({ call })
  server.clock.advance(3600)
  expect(await outcome(call('DELETE', me))).toEqual([401, 'fresh_login_required'])
})

test('of two administrators who delete their accounts at once, one stays', async () => {
  for (let round = 0; round < 6; round += 1) {
    const { admin, member } = await newOrganization(shared())
    const second = await member('owners')
    await signInFirst(admin, second)
    const answers = await Promise.all([admin, second].map(({ call }) => call('DELETE', me)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 400])
  }
})

test('an administrator who goes and one who is removed at the same time leave one', async () => {
  for (let round = 0; round < 6; round += 1) {
    const { admin, member, name } = await newOrganization(shared())
    const second = await member('owners')
    await signInFirst(admin, second)
    const [gone, left] = await Promise.all([
      admin.call('DELETE', me),
      second.call('DELETE', `${pathOf(name)}/members/${second.name}`),
    ])
    expect([gone.status, left.status].toSorted()).toEqual([204, 400])
  }
})

test('a user who makes an organization while being deleted leaves none without an administrator', async () => {
  for (let round = 0; round < 6; round += 1) {
    const { call } = await shared().user(fresh('brief'))
    const name = fresh('acme')
    await signInFirst({ call })
    const [gone, made] = await Promise.all([call('DELETE', me), create(call, { name })])
    expect([gone.status, made.status]).not.toEqual([204, 201])
  }
})

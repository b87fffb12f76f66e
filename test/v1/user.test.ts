import { describe, expect, test } from 'vitest'

import { makeOrganization, mintToken } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { me, own, startWithUser } from './user-fixture.ts'

describe('getLoggedInUser', () => {
  test('shows who is asking, in full', async () => {
    const { call } = await startWithUser()
    expect((await call('GET', me)).json).toEqual(own('ada'))
  })

  test('lists organizations with the strongest role there', async () => {
    const { server, call } = await startWithUser()
    await server.user('boss')
    await makeOrganization(server, 'bureau', { admin: 'boss', creator: 'ada', member: 'ada' })
    await makeOrganization(server, 'crew', { admin: 'boss', member: 'ada' })
    await makeOrganization(server, 'dock', { admin: 'ada' })
    expect((await call('GET', me)).json.organizations).toMatchObject([
      { name: 'bureau', avatar: { kind: 'org' }, can_create_repo: true, is_org_admin: false },
      { name: 'crew', can_create_repo: false, is_org_admin: false, public: false },
      { name: 'dock', can_create_repo: true, is_org_admin: true, preferred_namespace: false },
    ])
  })

  test('answers nobody with session_required: false', async () => {
    const { server } = await startWithUser()
    const answer = await server.call('GET', me)
    expect(await outcome(answer)).toEqual([401, 'invalid_token'])
    expect(answer.json.session_required).toBe(false)
  })

  test('answers a token without user:read like nobody', async () => {
    const { server } = await startWithUser()
    const call = server.withToken(await mintToken(server, 'ada', ['repo:admin', 'org:admin']))
    const answer = await call('GET', me)
    expect(await outcome(answer)).toEqual([401, 'invalid_token'])
    expect(answer.json.session_required).toBe(false)
  })

  test('shows a token with user:read no more than name and organizations', async () => {
    const { server } = await startWithUser()
    await makeOrganization(server, 'bureau', { admin: 'ada' })
    const call = server.withToken(await mintToken(server, 'ada', ['user:read']))
    const { username, avatar, anonymous } = own('ada')
    expect((await call('GET', me)).json).toEqual({
      username,
      avatar,
      anonymous,
      organizations: [
        { name: 'bureau', avatar: expect.anything(), can_create_repo: false, public: false },
      ],
    })
  })

  test.each([
    [['user:admin'], { can_create_repo: false, is_org_admin: false }],
    [['user:admin', 'repo:create'], { can_create_repo: true, is_org_admin: false }],
    [['user:admin', 'org:admin'], { can_create_repo: true, is_org_admin: true }],
  ] as const)('tells a token with %j what it may do in an organization', async (scopes, may) => {
    const { server } = await startWithUser()
    await makeOrganization(server, 'bureau', { admin: 'ada' })
    const call = server.withToken(await mintToken(server, 'ada', [...scopes]))
    expect((await call('GET', me)).json.organizations).toMatchObject([may])
  })

  test('shows the namespaces of PUBLIC_NAMESPACES among the organizations', async () => {
    const { server, call } = await startWithUser({ PUBLIC_NAMESPACES: 'library,missing,crew,boss' })
    await server.user('boss')
    for (const name of ['library', 'other']) await makeOrganization(server, name, { admin: 'boss' })
    await makeOrganization(server, 'crew', { admin: 'boss', member: 'ada', creator: 'ada' })
    const stranger = { can_create_repo: false, is_org_admin: false, public: true }
    expect((await call('GET', me)).json.organizations).toMatchObject([
      { name: 'boss', ...stranger },
      { name: 'crew', can_create_repo: true, is_org_admin: false, public: true },
      { name: 'library', ...stranger },
    ])
  })

  test('tells a token whose scopes make no superuser nothing of it', async () => {
    const { server } = await startWithUser({ SUPER_USERS: 'ada' })
    const plain = server.withToken(await mintToken(server, 'ada', ['user:read']))
    expect((await plain('GET', me)).json).not.toHaveProperty('super_user')
    const powerful = server.withToken(await mintToken(server, 'ada', ['user:read', 'super:user']))
    expect((await powerful('GET', me)).json.super_user).toBe(true)
  })

  test('tells superusers and global read-only superusers that they are', async () => {
    const server = await startServer({
      SUPER_USERS: 'root',
      GLOBAL_READONLY_SUPER_USERS: 'auditor',
    })
    const root = await server.user('root')
    const auditor = await server.user('auditor', { superuser: true })
    expect((await root.call('GET', me)).json.super_user).toBe(true)
    const { json } = await auditor.call('GET', me)
    expect(json.global_readonly_super_user).toBe(true)
    expect(json).not.toHaveProperty('super_user')
  })
})

describe('getUserInformation', () => {
  test('shows others name and avatar alone', async () => {
    const { server, call } = await startWithUser()
    await server.user('bob')
    const expected = own('bob')
    const seen = { anonymous: false, username: 'bob', avatar: expected.avatar }
    expect((await call('GET', '/api/v1/users/bob')).json).toEqual(seen)
    expect((await server.call('GET', '/api/v1/users/bob')).json).toEqual(seen)
  })

  test('shows oneself in full', async () => {
    const { call } = await startWithUser()
    expect((await call('GET', '/api/v1/users/ada')).json).toEqual(own('ada'))
  })

  test('tells superusers that somebody else is not them', async () => {
    const { server } = await startWithUser()
    const root = await server.user('root', { superuser: true })
    expect((await root.call('GET', '/api/v1/users/ada')).json.super_user).toBe(false)
    expect((await root.call('GET', '/api/v1/users/root')).json.super_user).toBe(true)
  })

  test('finds neither organizations nor robots, nor names that nobody can have', async () => {
    const { server } = await startWithUser()
    await makeOrganization(server, 'bureau', { admin: 'ada' })
    for (const name of ['nobody', 'bureau', 'ada+robot', 'Ada', 'a'])
      expect(await outcome(server.call('GET', `/api/v1/users/${name}`))).toEqual([404, 'not_found'])
  })

  test('wants somebody where nobody is served', async () => {
    const { server, call } = await startWithUser({ FEATURE_ANONYMOUS_ACCESS: 'false' })
    expect(await outcome(server.call('GET', '/api/v1/users/ada'))).toEqual([401, 'invalid_token'])
    expect((await call('GET', '/api/v1/users/ada')).status).toBe(200)
  })
})

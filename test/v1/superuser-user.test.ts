import { describe, expect, test } from 'vitest'

import { listAudit, makeOrganization, mintToken, setEnabled } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { passwordOf, registryToken, signIn } from '#test/support/server.ts'
import { startWithRoot, users } from './superuser-fixture.ts'

const names = (json: { users: { name: string }[] }) => json.users.map(({ name }) => name)

describe('listAllUsers', () => {
  test('shows each user with standing, oldest first; no organizations and none on their way out', async () => {
    const { server, root } = await startWithRoot({ GLOBAL_READONLY_SUPER_USERS: 'auditor' })
    for (const name of ['ada', 'auditor', 'gone']) await server.user(name)
    await makeOrganization(server, 'acme', { admin: 'ada' })
    await server.deps.db
      .updateTable('namespace')
      .set({ deleted_at: new Date(), enabled: false })
      .where('name', '=', 'gone')
      .execute()
    const { json } = await root('GET', users)
    expect(names(json)).toEqual(['root', 'ada', 'auditor'])
    expect(json.users[1]).toEqual({
      kind: 'user',
      name: 'ada',
      username: 'ada',
      email: 'ada@example.com',
      verified: true,
      avatar: expect.objectContaining({ name: 'ada', kind: 'user' }),
      super_user: false,
      global_readonly_super_user: false,
      enabled: true,
    })
    expect(json.users[0].super_user).toBe(true)
    expect(json.users[2].global_readonly_super_user).toBe(true)
    expect(json.next_page).toBeUndefined()
  })

  test('goes in pages of the size that was asked for, 100 at most', async () => {
    const { server, root } = await startWithRoot()
    for (const name of ['ada', 'bob', 'cyd']) await server.user(name)
    const first = await root('GET', `${users}?limit=2`)
    expect(names(first.json)).toEqual(['root', 'ada'])
    const second = await root('GET', `${users}?limit=2&next_page=${first.json.next_page}`)
    expect(names(second.json)).toEqual(['bob', 'cyd'])
    expect(second.json.next_page).toBeUndefined()
    expect(await outcome(root('GET', `${users}?limit=101`))).toEqual([400, 'invalid_request'])
  })

  test('leaves out disabled users when they are not wanted', async () => {
    const { server, root } = await startWithRoot()
    await server.user('ada')
    await setEnabled(server, 'ada', false)
    expect(names((await root('GET', users)).json)).toEqual(['root', 'ada'])
    expect(names((await root('GET', `${users}?disabled=false`)).json)).toEqual(['root'])
  })

  test('is for superusers and global read-only superusers with a fresh sign-in', async () => {
    const { server } = await startWithRoot({ GLOBAL_READONLY_SUPER_USERS: 'auditor' })
    const { call: auditor } = await server.user('auditor')
    const { call: ada } = await server.user('ada')
    expect(await outcome(server.call('GET', users))).toEqual([401, 'invalid_token'])
    expect(await outcome(ada('GET', users))).toEqual([403, 'insufficient_scope'])
    expect(await outcome(auditor('GET', users))).toEqual([200])
    server.clock.advance(601)
    expect(await outcome(auditor('GET', users))).toEqual([401, 'fresh_login_required'])
    expect(await outcome(ada('GET', users))).toEqual([401, 'fresh_login_required'])
  })

  test('is not there without FEATURE_SUPER_USERS', async () => {
    const { root } = await startWithRoot({ FEATURE_SUPER_USERS: 'false' })
    expect(await outcome(root('GET', users))).toEqual([404, 'not_found'])
  })
})

describe('createInstallUser', () => {
  test('makes a user who can sign in with the password of the answer', async () => {
    const { server, root } = await startWithRoot()
    const body = { username: 'ada', email: 'ada@example.com' }
    const { status, json } = await root('POST', users, { body })
    expect([status, json]).toEqual([
      200,
      { ...body, password: expect.stringMatching(/^[A-Z0-9]{32}$/) },
    ])
    await signIn(server.call, 'ada', json.password)
    expect(await listAudit(server, 'ada', 'user_create')).toEqual([
      {
        kind: 'user_create',
        performer: 'root',
        address: '127.0.0.1',
        metadata: { ...body, superuser: 'root' },
      },
    ])
  })

  test('takes an empty e-mail address for none', async () => {
    const { root } = await startWithRoot()
    const { status, json } = await root('POST', users, { body: { username: 'ada', email: '' } })
    expect([status, json.email]).toEqual([200, null])
  })

  test('refuses names and addresses that are bad or taken', async () => {
    const { root } = await startWithRoot()
    for (const body of [
      { username: 'root' },
      { username: 'A' },
      { username: 'ada', email: 'root@example.com' },
      { username: 'ada', email: 'nowhere' },
    ])
      expect(await outcome(root('POST', users, { body }))).toEqual([400, 'invalid_request'])
  })

  test('makes one user when two ask at once', async () => {
    const { root } = await startWithRoot()
    const tries = [1, 2, 3].map((at) =>
      outcome(root('POST', users, { body: { username: 'ada', email: `ada-${at}@example.com` } })),
    )
    const statuses = (await Promise.all(tries)).map(([status]) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 400, 400])
  })
})

describe('getInstallUser', () => {
  test('shows users, and neither organizations nor what is not there', async () => {
    const { server, root } = await startWithRoot()
    await makeOrganization(server, 'acme', { admin: 'root' })
    expect((await root('GET', `${users}root`)).json).toMatchObject({
      name: 'root',
      super_user: true,
    })
    expect(await outcome(root('GET', `${users}acme`))).toEqual([404, 'not_found'])
    expect(await outcome(root('GET', `${users}nobody`))).toEqual([404, 'not_found'])
  })
})

describe('changeInstallUser', () => {
  const put = (root: Call, name: string, body: object) => root('PUT', `${users}${name}`, { body })

  test('sets a password, which ends every sign-in', async () => {
    const { server, root } = await startWithRoot()
    const { call: ada } = await server.user('ada')
    expect((await ada('GET', '/api/v1/user/')).status).toBe(200)
    const { json } = await put(root, 'ada', { password: 'another-password' })
    expect(json).toMatchObject({ name: 'ada', enabled: true })
    expect(await outcome(ada('GET', '/api/v1/user/'))).toEqual([401, 'invalid_token'])
    await signIn(server.call, 'ada', 'another-password')
    expect(await listAudit(server, 'ada', 'user_change_password')).toMatchObject([
      { performer: 'root', metadata: { username: 'ada', superuser: 'root' } },
    ])
  })

  test('sets an e-mail address', async () => {
    const { server, root } = await startWithRoot()
    await server.user('ada')
    const { json } = await put(root, 'ada', { email: 'new@example.com' })
    expect(json).toMatchObject({ email: 'new@example.com', verified: true })
    expect(await listAudit(server, 'ada', 'user_change_email')).toMatchObject([
      { metadata: { email: 'new@example.com', old_email: 'ada@example.com', superuser: 'root' } },
    ])
  })

  test('locks a user out with the next request, sessions and tokens alike', async () => {
    const { server, root } = await startWithRoot()
    const { call: ada } = await server.user('ada')
    const oauth = server.withToken(await mintToken(server, 'ada', ['user:admin']))
    const docker = await server.registry('ada')
    for (const [call, path] of [
      [ada, '/api/v1/user/'],
      [oauth, '/api/v1/user/'],
      [docker, '/v2/'],
    ] as const)
      expect((await call('GET', path)).status).toBe(200)
    expect((await put(root, 'ada', { enabled: false })).json.enabled).toBe(false)
    for (const [call, path] of [
      [ada, '/api/v1/user/'],
      [oauth, '/api/v1/user/'],
      [docker, '/v2/'],
    ] as const)
      expect((await call('GET', path)).status).toBe(401)
    await expect(registryToken(server.call, server.host, 'ada', [])).rejects.toThrow(/no token/)
    await expect(signIn(server.call, 'ada')).rejects.toThrow(/could not sign in/)
  })

  test('lets a user in again: tokens work, the earlier sign-in stays over', async () => {
    const { server, root } = await startWithRoot()
    const { call: ada } = await server.user('ada')
    const oauth = server.withToken(await mintToken(server, 'ada', ['user:admin']))
    await ada('GET', '/api/v1/user/')
    await put(root, 'ada', { enabled: false })
    await put(root, 'ada', { enabled: true })
    await put(root, 'ada', { enabled: true })
    expect(await outcome(ada('GET', '/api/v1/user/'))).toEqual([401, 'invalid_token'])
    expect(await outcome(oauth('GET', '/api/v1/user/'))).toEqual([200])
    await signIn(server.call, 'ada')
    const audit = await listAudit(server, 'ada')
    expect(audit.filter(({ kind }) => kind.endsWith('able'))).toMatchObject([
      { kind: 'user_disable', metadata: { username: 'ada', superuser: 'root' } },
      { kind: 'user_enable', metadata: { username: 'ada', superuser: 'root' } },
    ])
  })

  test('refuses superusers, by mark or by name, and the caller', async () => {
    const { server, root } = await startWithRoot({ SUPER_USERS: 'named' })
    await server.user('named')
    await server.user('marked', { superuser: true })
    for (const name of ['named', 'marked', 'root'])
      expect(await outcome(put(root, name, { enabled: false }))).toEqual([400, 'invalid_request'])
    await signIn(server.call, 'named')
  })

  test('refuses weak passwords and taken addresses, and then changes nothing', async () => {
    const { server, root } = await startWithRoot()
    await server.user('ada')
    const password = 'another-password'
    for (const body of [
      { password: 'short' },
      { email: 'nowhere', password },
      { email: 'root@example.com', password },
    ])
      expect(await outcome(put(root, 'ada', body))).toEqual([400, 'invalid_request'])
    await signIn(server.call, 'ada', passwordOf('ada'))
    for (const body of [{}, { password: 'short' }, { email: 'nowhere' }])
      expect(await outcome(put(root, 'nobody', body))).toEqual([404, 'not_found'])
  })

  test('ignores superuser, which Quay reads and no document declares', async () => {
    const { server, root } = await startWithRoot()
    await server.user('ada')
    expect((await put(root, 'ada', { superuser: true })).json.super_user).toBe(false)
  })
})

describe('deleteInstallUser', () => {
  test('takes a user away at once, also the only administrator of an organization', async () => {
    const { server, root } = await startWithRoot()
    const { call: ada } = await server.user('ada')
    await makeOrganization(server, 'acme', { admin: 'ada' })
    expect((await ada('GET', '/api/v1/user/')).status).toBe(200)
    expect(await outcome(root('DELETE', `${users}ada`))).toEqual([204])
    expect(await outcome(ada('GET', '/api/v1/user/'))).toEqual([401, 'invalid_token'])
    expect(await outcome(root('GET', `${users}ada`))).toEqual([404, 'not_found'])
    expect(await outcome(root('DELETE', `${users}ada`))).toEqual([404, 'not_found'])
    expect(await listAudit(server, 'ada', 'user_delete')).toMatchObject([
      { performer: 'root', metadata: { username: 'ada' } },
    ])
  })

  test('refuses superusers, the caller too', async () => {
    const { server, root } = await startWithRoot({ SUPER_USERS: 'named' })
    await server.user('named')
    for (const name of ['named', 'root'])
      expect(await outcome(root('DELETE', `${users}${name}`))).toEqual([400, 'invalid_request'])
  })

  test('succeeds once when it is asked for twice at once', async () => {
    const { server, root } = await startWithRoot()
    await server.user('ada')
    const tries = [1, 2, 3].map(() => outcome(root('DELETE', `${users}ada`)))
    const statuses = (await Promise.all(tries)).map(([status]) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([204, 404, 404])
  })
})

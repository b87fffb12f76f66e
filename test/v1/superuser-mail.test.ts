import { describe, expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { startMailServer } from '#test/support/mail-server.ts'
import { signIn } from '#test/support/server.ts'
import { startWithRoot, users } from './superuser-fixture.ts'

const recovery = (name: string) => `/api/v1/superusers/users/${name}/sendrecovery`

async function startWithMail(settings: Record<string, string> = {}) {
  const post = await startMailServer()
  return { post, ...(await startWithRoot({ ...post.settings, ...settings })) }
}

describe('createInstallUser of a registry that sends mail', () => {
  test('has the user confirm the address first', async () => {
    const { server, root, post } = await startWithMail()
    const body = { username: 'ada', email: 'ada@example.com' }
    const { json } = await root('POST', users, { body })
    expect((await root('GET', `${users}ada`)).json).toMatchObject({ verified: false })
    await expect(signIn(server.call, 'ada', json.password)).rejects.toThrow(/could not sign in/)
    await server.jobs()
    expect(post.mails).toMatchObject([{ to: ['ada@example.com'] }])
    await server.call('GET', post.mails[0]!.path)
    expect((await root('GET', `${users}ada`)).json).toMatchObject({ verified: true })
    await signIn(server.call, 'ada', json.password)
  })

  test('refuses a user without an address', async () => {
    const { root } = await startWithMail()
    const made = root('POST', users, { body: { username: 'ada' } })
    expect(await outcome(made)).toEqual([400, 'invalid_request'])
  })
})

describe('sendInstallUserRecoveryEmail', () => {
  test('mails the user a link, and says where it went', async () => {
    const { server, root, post } = await startWithMail()
    await server.user('ada')
    const { status, json } = await root('POST', recovery('ada'))
    expect([status, json]).toEqual([200, { email: 'ada@example.com' }])
    await server.jobs()
    expect(post.mails).toMatchObject([{ to: ['ada@example.com'], path: expect.any(String) }])
  })

  test('is refused for superusers, and for who is not there or has no address', async () => {
    const { server, root, post } = await startWithMail({ SUPER_USERS: 'named' })
    await server.user('named')
    await server.user('ada')
    await server.deps.db
      .updateTable('user_account')
      .set({ email: null })
      .where('email', '=', 'ada@example.com')
      .execute()
    for (const name of ['named', 'root', 'ada'])
      expect(await outcome(root('POST', recovery(name)))).toEqual([400, 'invalid_request'])
    expect(await outcome(root('POST', recovery('nobody')))).toEqual([404, 'not_found'])
    await server.jobs()
    expect(post.mails).toEqual([])
  })

  test('is not there without FEATURE_MAILING', async () => {
    const { root } = await startWithRoot()
    expect(await outcome(root('POST', recovery('root')))).toEqual([404, 'not_found'])
  })
})

describe('changeInstallUser', () => {
  test('ends the links that went to the former address', async () => {
    const { server, root, post } = await startWithMail()
    await server.user('ada')
    await root('POST', recovery('ada'))
    await server.jobs()
    await root('PUT', `${users}ada`, { body: { email: 'new@example.com' } })
    expect(await server.deps.db.selectFrom('mail_code').select('id').execute()).toEqual([])
    expect(post.mails).toHaveLength(1)
  })
})

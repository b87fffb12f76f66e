import { describe, expect, test } from 'vitest'

import { listAudit, makeOrganization, mintToken, withSession } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { holdOpen, waitForWaiting } from '#test/support/locks.ts'
import { passwordOf, signIn } from '#test/support/server.ts'
import { follow, me, own, startWithUser } from './user-fixture.ts'

describe('changeUserDetails', () => {
  const change = (call: Call, body: object) => call('PUT', me, { body })

  test('changes nothing, and logs nothing, when nothing is sent', async () => {
    const { server, call } = await startWithUser()
    expect((await change(call, {})).json).toEqual(own('ada'))
    const kinds = (await listAudit(server, 'ada')).map(({ kind }) => kind)
    expect(kinds).toEqual(['user_create', 'login_success'])
  })

  test('changes the e-mail address', async () => {
    const { server, call } = await startWithUser()
    const { json } = await change(call, { email: 'lovelace@example.com' })
    expect(json.email).toBe('lovelace@example.com')
    await change(call, { email: 'lovelace@example.com' })
    expect(await listAudit(server, 'ada', 'user_change_email')).toMatchObject([
      { metadata: { email: 'lovelace@example.com', old_email: 'ada@example.com' } },
    ])
  })

  test('changes where invoices go', async () => {
    const { server, call } = await startWithUser()
    const wanted = { invoice_email: true, invoice_email_address: 'bills@example.com' }
    expect((await change(call, wanted)).json).toMatchObject(wanted)
    const entries = await listAudit(server, 'ada', 'user_change_invoicing')
    expect(entries.map(({ metadata }) => metadata)).toEqual([
      { invoice_email: true },
      { invoice_email_address: 'bills@example.com' },
    ])
  })

  test('changes how long tags stay restorable, to one of the options', async () => {
    const { server, call } = await startWithUser()
    expect((await change(call, { tag_expiration_s: 86_400 })).json.tag_expiration_s).toBe(86_400)
    expect(await listAudit(server, 'ada', 'user_change_tag_expiration')).toMatchObject([
      { metadata: { tag_expiration: 86_400 } },
    ])
    for (const seconds of [1, 86_401, -1, 1.5, '1d'])
      expect(await outcome(change(call, { tag_expiration_s: seconds }))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('leaves the expiration of tags alone without FEATURE_CHANGE_TAG_EXPIRATION', async () => {
    const { call } = await startWithUser({ FEATURE_CHANGE_TAG_EXPIRATION: 'false' })
    const { json } = await change(call, { tag_expiration_s: 86_400 })
    expect(json.tag_expiration_s).toBe(1_209_600)
  })

  test('changes name, company and location with FEATURE_USER_METADATA alone', async () => {
    const wanted = {
      given_name: 'Ada',
      family_name: 'Lovelace',
      company: 'Engines',
      location: 'London',
    }
    const { server, call } = await startWithUser({ FEATURE_USER_METADATA: 'true' })
    expect((await change(call, wanted)).json).toMatchObject(wanted)
    expect((await change(call, { company: null })).json).toMatchObject({
      ...wanted,
      company: null,
    })
    const entries = await listAudit(server, 'ada', 'user_change_metadata')
    expect(entries.map(({ metadata }) => metadata)).toEqual([wanted, { company: null }])
    const plain = await startWithUser()
    expect((await change(plain.call, wanted)).json).toEqual(own('ada'))
  })

  test('changes the user name with FEATURE_USER_RENAME alone', async () => {
    const { server, call } = await startWithUser({ FEATURE_USER_RENAME: 'true' })
    await server.repository('ada/engine')
    expect((await change(call, { username: 'countess' })).json.username).toBe('countess')
    expect((await call('GET', '/api/v1/repository/countess/engine')).status).toBe(200)
    expect(await listAudit(server, 'countess', 'user_change_name')).toMatchObject([
      { metadata: { old_username: 'ada' } },
    ])
    const plain = await startWithUser()
    expect((await change(plain.call, { username: 'countess' })).json.username).toBe('ada')
  })

  test('refuses a name or an e-mail address that is taken or breaks a rule', async () => {
    const { server, call } = await startWithUser({ FEATURE_USER_RENAME: 'true' })
    await server.user('bob')
    await makeOrganization(server, 'bureau', { admin: 'bob' })
    for (const bad of [
      { username: 'bob' },
      { username: 'bureau' },
      { username: 'Ada' },
      { email: 'bob@example.com' },
      { email: 'nowhere' },
    ])
      expect(await outcome(change(call, bad))).toEqual([400, 'invalid_request'])
    expect((await change(call, { username: 'bob' })).json.detail).toContain('username')
    expect((await change(call, { email: 'bob@example.com' })).json.detail).toContain('email')
  })

  test('changes all that is asked or nothing', async () => {
    const { server, call } = await startWithUser()
    await server.user('bob')
    await change(call, { invoice_email: true, email: 'bob@example.com' })
    expect((await call('GET', me)).json).toEqual(own('ada'))
    expect(await listAudit(server, 'ada', 'user_change_invoicing')).toEqual([])
  })

  test('reaches no column that the document does not name', async () => {
    const { server, call } = await startWithUser()
    const hidden = { is_superuser: true, is_verified: false, namespace_id: 1, surprise: 1 }
    expect((await change(call, hidden)).json).toEqual(own('ada'))
    const { db } = server.deps
    const account = await db.selectFrom('user_account').selectAll().executeTakeFirstOrThrow()
    expect(account).toMatchObject({ is_superuser: false, is_verified: true })
  })

  test('waits for a deletion that is under way, and then finds nobody', async () => {
    const { server, call } = await startWithUser({ FEATURE_USER_RENAME: 'true' })
    await call('GET', me)
    const { db } = server.deps
    const deletion = await holdOpen(db, (tx) =>
      tx
        .updateTable('namespace')
        .set({ deleted_at: new Date() })
        .where('name', '=', 'ada')
        .execute(),
    )
    const late = outcome(change(call, { username: 'ada-of-late' }))
    await waitForWaiting(db, 1)
    await deletion.commit()
    expect(await late).toEqual([401, 'invalid_token'])
  })

  test('sets a new password, which ends every other session', async () => {
    const { server, call } = await startWithUser()
    const other = withSession(server, await signIn(server.call, 'ada'))
    const answer = await change(call, { password: 'even-more-correct' })
    expect(answer.status).toBe(200)
    expect((await other('GET', me)).status).toBe(401)
    expect((await call('GET', me)).status).toBe(401)
    expect((await follow(server, answer)('PUT', me, { body: {} })).status).toBe(200)
    await signIn(server.call, 'ada', 'even-more-correct')
    await expect(signIn(server.call, 'ada', passwordOf('ada'))).rejects.toThrow('could not sign in')
    expect(await listAudit(server, 'ada', 'account_change_password')).toMatchObject([
      { metadata: {} },
    ])
  })

  test('refuses a weak password and keeps the old one', async () => {
    const { server, call } = await startWithUser()
    for (const password of ['short', 'with space in it', 'x'.repeat(1025)])
      expect(await outcome(change(call, { password }))).toEqual([400, 'invalid_request'])
    expect((await signIn(server.call, 'ada')).cookie).toBeTruthy()
  })

  test('wants a sign-in of the last minutes, but not from an OAuth token', async () => {
    const { server, call } = await startWithUser({ FRESH_LOGIN_TIMEOUT: '5m' })
    const token = await mintToken(server, 'ada', ['user:admin'])
    await call('GET', me)
    server.clock.advance(301)
    const answer = await change(call, { invoice_email: true })
    expect(await outcome(answer)).toEqual([401, 'fresh_login_required'])
    expect((await call('GET', me)).status).toBe(200)
    expect((await change(server.withToken(token), { invoice_email: true })).status).toBe(200)
  })

  test('is refused to nobody, and to tokens without user:admin', async () => {
    const { server } = await startWithUser()
    expect(await outcome(change(server.call, {}))).toEqual([401, 'invalid_token'])
    const reader = server.withToken(await mintToken(server, 'ada', ['user:read', 'repo:admin']))
    expect(await outcome(change(reader, {}))).toEqual([403, 'insufficient_scope'])
  })
})

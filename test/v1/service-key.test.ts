import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'

import { mintToken } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { listKeyAudit, makeKey, pathOf, signToken, submit } from './service-key-fixture.ts'

const keys = '/api/v1/superuser/keys'
const wanted = {
  service: 'scanner',
  name: 'Scanner 1',
  metadata: { rack: 'b2' },
  notes: 'new rack',
}

async function startWithRoot(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call: root } = await server.user('root', { superuser: true })
  const create = async (more: object = {}) =>
    (await root('POST', keys, { body: { ...wanted, expiration: null, ...more } })).json
  const inSeconds = (seconds: number) => Math.floor(server.clock.now().getTime() / 1000) + seconds
  return { server, root, create, inSeconds }
}

describe('createServiceKey', () => {
  test('gives a key pair that is approved and served at once', async () => {
    const { server, create } = await startWithRoot()
    const made = await create()
    expect(made).toEqual({
      kid: expect.stringMatching(/^[\w-]{43}$/),
      name: 'Scanner 1',
      service: 'scanner',
      public_key: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/),
      private_key: expect.stringMatching(/^-----BEGIN RSA PRIVATE KEY-----/),
    })
    const privateKey = createPrivateKey(made.private_key)
    expect(privateKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
    const ownPublic = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' })
    expect(made.public_key).toBe(ownPublic)
    const { json } = await server.call('GET', pathOf(made.kid))
    const { n, e } = privateKey.export({ format: 'jwk' })
    expect(json).toEqual({ kty: 'RSA', kid: made.kid, alg: 'RS256', use: 'sig', n, e })
  })

  test('keeps the private half nowhere', async () => {
    const { server, root, create } = await startWithRoot()
    const { kid } = await create()
    const row = await server.deps.db.selectFrom('service_key').selectAll().execute()
    const shown = await root('GET', `${keys}/${kid}`)
    expect(JSON.stringify([row, shown.json])).not.toMatch(/PRIVATE|"d":/)
  })

  test('makes a key that speaks for others of its service', async () => {
    const { server, create } = await startWithRoot()
    const { kid, private_key } = await create()
    const privateKey = createPrivateKey(private_key)
    const signer = { kid, jwk: {}, privateKey, algorithm: 'RS256' } as const
    expect(await outcome(submit(server, makeKey('next'), { signer }))).toEqual([200])
  })

  test('is audited as created and approved, under no namespace', async () => {
    const { server, create, inSeconds } = await startWithRoot()
    const expiration = inSeconds(600)
    const { kid } = await create({ expiration })
    const metadata = {
      kid,
      preshared: true,
      service: 'scanner',
      name: 'Scanner 1',
      expiration_date: expiration,
      auto_approved: true,
    }
    expect(await listKeyAudit(server)).toEqual([
      { kind: 'service_key_create', metadata, performer_name: 'root' },
      { kind: 'service_key_approve', metadata, performer_name: 'root' },
    ])
  })

  test('refuses an expiration that is over, bad names and too much metadata', async () => {
    const { root } = await startWithRoot()
    for (const more of [
      { expiration: 1 },
      { service: 'Scanner' },
      { name: 'a<b' },
      { metadata: { text: 'x'.repeat(20_000) } },
    ]) {
      const body = { ...wanted, expiration: null, ...more }
      expect(await outcome(root('POST', keys, { body }))).toEqual([400, 'invalid_request'])
    }
    expect(await outcome(root('POST', keys, { body: wanted }))).toEqual([400, 'invalid_request'])
  })

  test('is for superusers alone, with a fresh sign-in or the scope super:user', async () => {
    const { server, root } = await startWithRoot({ GLOBAL_READONLY_SUPER_USERS: 'auditor' })
    const { call: ada } = await server.user('ada')
    const { call: auditor } = await server.user('auditor')
    const body = { ...wanted, expiration: null }
    expect(await outcome(server.call('POST', keys, { body }))).toEqual([401, 'invalid_token'])
    for (const caller of [ada, auditor])
      expect(await outcome(caller('POST', keys, { body }))).toEqual([403, 'insufficient_scope'])
    expect(await outcome(auditor('GET', keys))).toEqual([200])
    const weak = server.withToken(await mintToken(server, 'root', ['user:admin']))
    expect(await outcome(weak('POST', keys, { body }))).toEqual([403, 'insufficient_scope'])
    const strong = server.withToken(await mintToken(server, 'root', ['super:user']))
    expect(await outcome(strong('POST', keys, { body }))).toEqual([200])
    expect((await root('GET', keys)).status).toBe(200)
    server.clock.advance(601)
    expect(await outcome(root('POST', keys, { body }))).toEqual([401, 'fresh_login_required'])
    expect(await outcome(root('GET', keys))).toEqual([200])
  })
})

describe('listServiceKeys and getServiceKey', () => {
  test('show keys with their approval, also those that wait and have expired', async () => {
    const { server, root, create, inSeconds } = await startWithRoot()
    const { kid } = await create({ expiration: inSeconds(60) })
    await submit(server, makeKey('waiting'))
    server.clock.advance(61)
    const { json } = await root('GET', keys)
    const gmt = expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/)
    expect(json.keys.find((key: { kid: string }) => key.kid === kid)).toEqual({
      name: 'Scanner 1',
      kid,
      service: 'scanner',
      jwk: expect.objectContaining({ kty: 'RSA', kid }),
      metadata: { rack: 'b2' },
      created_date: gmt,
      expiration_date: gmt,
      rotation_duration: null,
      approval: {
        approver: expect.objectContaining({ kind: 'user', name: 'root', super_user: true }),
        approval_type: 'Super User API',
        approved_date: gmt,
        notes: 'new rack',
      },
    })
    expect((await root('GET', `${keys}/waiting`)).json).toMatchObject({
      name: '',
      metadata: { ip: '127.0.0.1' },
      expiration_date: null,
      approval: null,
    })
    expect(await outcome(root('GET', `${keys}/nothing`))).toEqual([404, 'not_found'])
  })
})

describe('updateServiceKey', () => {
  test('changes what is sent, with an audit row for the expiration and one for the rest', async () => {
    const { server, root, create, inSeconds } = await startWithRoot()
    const { kid } = await create()
    const expiration = inSeconds(600)
    const changed = await root('PUT', `${keys}/${kid}`, { body: { expiration } })
    expect(changed.json).toMatchObject({
      name: 'Scanner 1',
      metadata: { rack: 'b2' },
      expiration_date: new Date(expiration * 1000).toUTCString(),
    })
    const body = { name: 'Other', metadata: { room: 1 }, expiration: null }
    expect((await root('PUT', `${keys}/${kid}`, { body })).json).toMatchObject({
      name: 'Other',
      metadata: { room: 1 },
      expiration_date: null,
    })
    expect((await listKeyAudit(server)).slice(2)).toMatchObject([
      {
        kind: 'service_key_extend',
        metadata: { kid, expiration_date: expiration, old_expiration_date: null },
      },
      {
        kind: 'service_key_extend',
        metadata: { kid, expiration_date: null, old_expiration_date: expiration },
      },
      { kind: 'service_key_modify', metadata: { kid, name: 'Other', service: 'scanner' } },
    ])
  })

  test('refuses an expiration that is over, and a key that is not there', async () => {
    const { root, create } = await startWithRoot()
    const { kid } = await create()
    const late = root('PUT', `${keys}/${kid}`, { body: { expiration: 1 } })
    expect(await outcome(late)).toEqual([400, 'invalid_request'])
    for (const body of [{ name: 'x' }, { expiration: 1 }])
      expect(await outcome(root('PUT', `${keys}/nothing`, { body }))).toEqual([404, 'not_found'])
  })
})

describe('approveServiceKey', () => {
  test('approves once, with notes', async () => {
    const { server, root } = await startWithRoot()
    await submit(server, makeKey('scanner-1'))
    const path = '/api/v1/superuser/approvedkeys/scanner-1'
    expect(await outcome(root('POST', path, { body: { notes: 'first' } }))).toEqual([201])
    expect(await outcome(root('POST', path, { body: { notes: 'second' } }))).toEqual([201])
    const { json } = await root('GET', `${keys}/scanner-1`)
    expect(json.approval).toMatchObject({ notes: 'first', approval_type: 'Super User API' })
    const audit = await listKeyAudit(server)
    expect(audit.map(({ kind }) => kind)).toEqual(['service_key_create', 'service_key_approve'])
    const missing = root('POST', '/api/v1/superuser/approvedkeys/nothing', { body: {} })
    expect(await outcome(missing)).toEqual([404, 'not_found'])
  })
})

describe('deleteServiceKey', () => {
  test('removes a key, what was told of it, and its power', async () => {
    const { server, root } = await startWithRoot()
    const key = makeKey('scanner-1')
    await submit(server, key)
    expect(await outcome(root('DELETE', `${keys}/scanner-1`))).toEqual([204])
    expect(await outcome(root('DELETE', `${keys}/scanner-1`))).toEqual([404, 'not_found'])
    expect(await server.deps.db.selectFrom('user_notification').select('id').execute()).toEqual([])
    const caller = server.withToken(signToken(server, key))
    expect(await outcome(caller('DELETE', pathOf('scanner-1')))).toEqual([404, 'not_found'])
    expect((await listKeyAudit(server)).at(-1)).toMatchObject({
      kind: 'service_key_delete',
      performer_name: 'root',
      metadata: { kid: 'scanner-1', created_date: expect.any(Number), expiration_date: null },
    })
  })
})

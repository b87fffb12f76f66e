import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'

import { hashToken } from '#credentials/secrets.ts'
import { outcome } from '#test/support/client.ts'
import type { TestServer } from '#test/support/server.ts'
import {
  listKeyAudit,
  listNotices,
  makeKey,
  makeRsaKey,
  pathOf,
  signToken,
  submit,
  submitApproved,
  type OwnKey,
} from './service-key-fixture.ts'
import { startWithRoot } from './superuser-fixture.ts'

/** Submits a broken or foreign token, or none. */
async function submitWith(server: TestServer, key: OwnKey, token: string | undefined) {
  const caller = token === undefined ? server.call : server.withToken(token)
  return outcome(caller('PUT', pathOf(key.kid), { body: key.jwk }))
}

describe('putServicePublicKey', () => {
  test('lets a key that speaks for itself wait: 409 until a superuser approves it', async () => {
    const { server, root } = await startWithRoot()
    const key = makeKey('scanner-1')
    expect(await outcome(submit(server, key))).toEqual([202])
    expect(await outcome(server.call('GET', pathOf('scanner-1')))).toEqual([
      409,
      'key_not_approved',
    ])
    expect((await server.call('GET', '/keys/services/scanner/keys')).json).toEqual({ keys: [] })
    await root('POST', '/api/v1/superuser/approvedkeys/scanner-1', { body: {} })
    const { json, headers } = await server.call('GET', pathOf('scanner-1'))
    const served = { ...key.jwk, kid: 'scanner-1', alg: 'ES256', use: 'sig' }
    expect([json, headers.get('cache-control')]).toEqual([served, 'max-age=86400'])
    expect((await server.call('GET', '/keys/services/scanner/keys')).json).toEqual({
      keys: [served],
    })
  })

  test('is audited with the address, and told to superusers until it is approved', async () => {
    const { server, root } = await startWithRoot({
      SUPER_USERS: 'named',
      GLOBAL_READONLY_SUPER_USERS: 'auditor',
    })
    await server.user('named')
    await server.user('stranger')
    await server.user('auditor', { superuser: true })
    await submit(server, makeKey('scanner-1'))
    const told = {
      kind: 'service_key_submitted',
      metadata: { kid: 'scanner-1', service: 'scanner' },
    }
    expect(await listNotices(server)).toMatchObject([
      { name: 'named', ...told },
      { name: 'root', ...told },
    ])
    expect(await listKeyAudit(server)).toMatchObject([
      {
        kind: 'service_key_create',
        performer_name: null,
        metadata: { kid: 'scanner-1', service: 'scanner', ip: '127.0.0.1', preshared: false },
      },
    ])
    await root('POST', '/api/v1/superuser/approvedkeys/scanner-1', { body: {} })
    expect(await listNotices(server)).toEqual([])
  })

  test('takes the same key again and changes nothing', async () => {
    const { server } = await startWithRoot()
    const key = makeKey('scanner-1')
    expect(await outcome(submit(server, key))).toEqual([202])
    expect(await outcome(submit(server, key))).toEqual([202])
    await server.as('root')('POST', '/api/v1/superuser/approvedkeys/scanner-1', { body: {} })
    expect(await outcome(submit(server, key))).toEqual([200])
    expect(await listKeyAudit(server)).toHaveLength(2)
  })

  test('refuses the id of another key, or of one of ours', async () => {
    const { server } = await startWithRoot()
    await submit(server, makeKey('scanner-1'))
    expect(await outcome(submit(server, makeKey('scanner-1')))).toEqual([400, 'invalid_request'])
    await server.repository('root/app')
    const { json } = await server.call('GET', '/keys/services/registry/keys')
    const { kid } = json.keys[0]
    expect(await outcome(submit(server, makeKey(kid)))).toEqual([400, 'invalid_request'])
  })

  test('keeps no private member', async () => {
    const { server, root } = await startWithRoot()
    const key = makeKey('scanner-1')
    const whole = { ...key.privateKey.export({ format: 'jwk' }), note: 'mine' }
    expect(await outcome(submit(server, key, { body: whole }))).toEqual([202])
    const { json } = await root('GET', '/api/v1/superuser/keys/scanner-1')
    expect(Object.keys(json.jwk).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })

  test('takes RSA with 2048 bits and the curves P-384 and P-521', async () => {
    const { server } = await startWithRoot()
    expect(await outcome(submit(server, makeRsaKey('rsa')))).toEqual([202])
    for (const [namedCurve, algorithm] of [
      ['P-384', 'ES384'],
      ['P-521', 'ES512'],
    ] as const) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
      const jwk = publicKey.export({ format: 'jwk' }) as never
      const key = { kid: namedCurve, jwk, privateKey, algorithm }
      expect(await outcome(submit(server, key))).toEqual([202])
    }
  })

  test('refuses weak and broken keys', async () => {
    const { server } = await startWithRoot()
    const key = makeKey('scanner-1')
    const weak = makeRsaKey('scanner-1', 1024)
    const anybody = { ...makeRsaKey('scanner-1').jwk, e: 'AQ' }
    const off = { ...key.jwk, y: key.jwk.x }
    for (const body of [
      weak.jwk,
      anybody,
      off,
      { kty: 'EC' },
      { kty: 'RSA' },
      { ...key.jwk, kid: 'other' },
    ])
      expect(await outcome(submit(server, key, { body }))).toEqual([400, 'invalid_request'])
    expect(await outcome(submit(server, weak))).toEqual([400, 'invalid_request'])
  })

  test('refuses tokens that are missing, broken, foreign, over, or good for too long', async () => {
    const { server } = await startWithRoot()
    const key = makeKey('scanner-1')
    const other = { ...makeKey('scanner-1') }
    const bad = [
      { iss: 'other' },
      { aud: 'http://elsewhere' },
      { lifeSeconds: -60 },
      { lifeSeconds: 7200 },
      { lifeSeconds: undefined },
    ]
    const tokens = [
      undefined,
      'x',
      'a.b.c',
      signToken(server, other),
      ...bad.map((claims) => signToken(server, key, claims)),
    ]
    for (const token of tokens)
      expect(await submitWith(server, key, token)).toEqual([400, 'invalid_request'])
    for (const kid of ['a\0b', '..']) {
      const strange = signToken(server, { ...key, kid })
      expect(await submitWith(server, key, strange)).toEqual([400, 'invalid_request'])
    }
  })

  test('refuses an expiration that is over, and names that are none', async () => {
    const { server } = await startWithRoot()
    const key = makeKey('scanner-1')
    expect(await outcome(submit(server, key, { query: '?expiration=1' }))).toEqual([
      400,
      'invalid_request',
    ])
    const strange = makeKey('a b')
    const caller = server.withToken(signToken(server, { ...strange, kid: '' }))
    const put = caller('PUT', pathOf('a%20b'), { body: strange.jwk })
    expect(await outcome(put)).toEqual([400, 'invalid_request'])
    const token = signToken(server, key, { iss: 'Scanner!' })
    const named = server.withToken(token)('PUT', pathOf('scanner-1', 'Scanner!'), { body: key.jwk })
    expect(await outcome(named)).toEqual([400, 'invalid_request'])
  })

  test('signed by an approved key takes its place and its approval', async () => {
    const { server, root } = await startWithRoot()
    const old = await submitApproved(server, 'old')
    const next = makeKey('next')
    expect(await outcome(submit(server, next, { signer: old, query: '?rotation=60' }))).toEqual([
      200,
    ])
    expect(await outcome(server.call('GET', pathOf('old')))).toEqual([403, 'denied'])
    expect((await server.call('GET', pathOf('next'))).json.kid).toBe('next')
    const { json } = await root('GET', '/api/v1/superuser/keys/next')
    expect(json).toMatchObject({
      rotation_duration: 60,
      approval: { approval_type: 'Key Rotation', approver: { name: 'root' }, notes: 'known' },
    })
    expect((await listKeyAudit(server)).at(-1)).toMatchObject({
      kind: 'service_key_rotate',
      metadata: { kid: 'next', signer_kid: 'old', service: 'scanner' },
    })
  })

  test('lets one successor in when two come at once', async () => {
    const { server } = await startWithRoot()
    const old = await submitApproved(server, 'old')
    const tries = ['a', 'b', 'c', 'd'].map((kid) =>
      outcome(submit(server, makeKey(kid), { signer: old })),
    )
    const statuses = (await Promise.all(tries)).map(([status]) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 403, 403, 403])
  })

  test('signed by a key that is unknown, waits, or is of another service is 403', async () => {
    const { server, root } = await startWithRoot()
    const waiting = makeKey('waiting')
    await submit(server, waiting)
    const next = makeKey('next')
    expect(await outcome(submit(server, next, { signer: makeKey('unknown') }))).toEqual([
      403,
      'denied',
    ])
    expect(await outcome(submit(server, next, { signer: waiting }))).toEqual([403, 'denied'])
    const { json } = await root('POST', '/api/v1/superuser/keys', {
      body: { service: 'builder', expiration: null },
    })
    const foreign = { ...next, kid: json.kid }
    expect(await outcome(submit(server, next, { signer: foreign }))).toEqual([403, 'denied'])
  })

  test('is refused beyond twenty an hour of a service, also when they were withdrawn', async () => {
    const { server } = await startWithRoot()
    const key = makeKey('scanner-1')
    const withdraw = () => server.withToken(signToken(server, key))('DELETE', pathOf('scanner-1'))
    for (let count = 0; count < 20; count += 1) {
      expect(await outcome(submit(server, key))).toEqual([202])
      expect(await outcome(withdraw())).toEqual([204])
    }
    for (let count = 0; count < 3; count += 1)
      expect(await outcome(submit(server, key))).toEqual([403, 'denied'])
    expect(await listKeyAudit(server)).toHaveLength(40)
    const token = signToken(server, key, { iss: 'builder' })
    const put = server.withToken(token)('PUT', pathOf('scanner-1', 'builder'), { body: key.jwk })
    expect(await outcome(put)).toEqual([202])
    server.clock.advance(3600)
    expect(await outcome(submit(server, makeKey('scanner-2')))).toEqual([202])
  })

  test('is refused beyond a thousand an hour of all services', async () => {
    const { server } = await startWithRoot()
    await submit(server, makeKey('scanner-1'))
    await server.deps.db
      .updateTable('mail_budget')
      .set({ mails: 1000 })
      .where('key_hash', '=', hashToken('service-keys'))
      .execute()
    expect(await outcome(submit(server, makeKey('scanner-2')))).toEqual([403, 'denied'])
  })

  test('is refused while a thousand keys wait', async () => {
    const { server } = await startWithRoot()
    await server.deps.db
      .insertInto('service_key')
      .values(Array.from({ length: 1000 }, (_, index) => waitingRow(`waiting-${index}`)))
      .execute()
    expect(await outcome(submit(server, makeKey('one-more')))).toEqual([403, 'denied'])
  })
})

function waitingRow(kid: string) {
  return { kid, name: '', service: 'scanner', public_jwk: '{}', created_at: new Date() }
}

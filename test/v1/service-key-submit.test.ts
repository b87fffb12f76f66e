import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'

import { cleanUpKeys } from '#services/clean-up-keys.ts'
import { outcome } from '#test/support/client.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import {
  listKeyAudit,
  makeKey,
  makeRsaKey,
  pathOf,
  signToken,
  submit,
  submitApproved,
  type OwnKey,
} from './service-key-fixture.ts'

async function startWithRoot(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call: root } = await server.user('root', { superuser: true })
  return { server, root }
}

async function notices(server: TestServer) {
  return server.deps.db
    .selectFrom('user_notification as u')
    .innerJoin('namespace as n', 'n.id', 'u.namespace_id')
    .select(['n.name', 'u.kind', 'u.metadata'])
    .orderBy('n.name')
    .execute()
}

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
    expect(await notices(server)).toMatchObject([
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
    expect(await notices(server)).toEqual([])
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
    const strange = signToken(server, { ...key, kid: 'a\0b' })
    expect(await submitWith(server, key, strange)).toEqual([400, 'invalid_request'])
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

describe('deleteServicePublicKey', () => {
  test('removes a key on behalf of itself, or of an approved key of the service', async () => {
    const { server } = await startWithRoot()
    const waiting = makeKey('waiting')
    await submit(server, waiting)
    const self = server.withToken(signToken(server, waiting))
    expect(await outcome(self('DELETE', pathOf('waiting')))).toEqual([204])
    expect(await notices(server)).toEqual([])
    const first = await submitApproved(server, 'first')
    const second = await submitApproved(server, 'second')
    const other = server.withToken(signToken(server, first))
    expect(await outcome(other('DELETE', pathOf(second.kid)))).toEqual([204])
    expect(await outcome(other('DELETE', pathOf(second.kid)))).toEqual([404, 'not_found'])
    expect((await listKeyAudit(server)).at(-1)).toMatchObject({
      kind: 'service_key_delete',
      metadata: { kid: 'second', signer_kid: 'first', ip: '127.0.0.1' },
    })
  })

  test('is refused to other keys: 403, and 404 for a key that does not exist and speaks for itself', async () => {
    const { server } = await startWithRoot()
    const waiting = makeKey('waiting')
    await submit(server, waiting)
    await submitApproved(server, 'approved')
    const caller = server.withToken(signToken(server, waiting))
    expect(await outcome(caller('DELETE', pathOf('approved')))).toEqual([403, 'denied'])
    const nobody = server.withToken(signToken(server, makeKey('nobody')))
    expect(await outcome(nobody('DELETE', pathOf('nobody')))).toEqual([404, 'not_found'])
    const forger = server.withToken(signToken(server, makeKey('approved')))
    expect(await outcome(forger('DELETE', pathOf('approved')))).toEqual([400, 'invalid_request'])
    expect(await outcome(server.call('DELETE', pathOf('approved')))).toEqual([
      400,
      'invalid_request',
    ])
    const foreign = server.withToken(signToken(server, waiting, { iss: 'builder' }))
    expect(await outcome(foreign('DELETE', pathOf('approved', 'builder')))).toEqual([403, 'denied'])
  })
})

describe('keys of services', () => {
  test('are served for their own service alone, and for no longer than they live', async () => {
    const { server } = await startWithRoot()
    const key = makeKey('scanner-1')
    const expiration = Math.floor(server.clock.now().getTime() / 1000) + 600
    await submit(server, key, { query: `?expiration=${expiration}` })
    await server.as('root')('POST', '/api/v1/superuser/approvedkeys/scanner-1', { body: {} })
    expect(await outcome(server.call('GET', pathOf('scanner-1', 'builder')))).toEqual([
      404,
      'not_found',
    ])
    const { headers } = await server.call('GET', pathOf('scanner-1'))
    expect(Number(/max-age=(\d+)/.exec(headers.get('cache-control')!)![1])).toBeLessThanOrEqual(600)
    server.clock.advance(601)
    expect(await outcome(server.call('GET', pathOf('scanner-1')))).toEqual([403, 'denied'])
    expect((await server.call('GET', '/keys/services/scanner/keys')).json).toEqual({ keys: [] })
    expect(await outcome(submit(server, key))).toEqual([403, 'denied'])
  })

  test('are removed when nobody approves them in time, and a week after they expire', async () => {
    const { server } = await startWithRoot()
    const expiration = Math.floor(server.clock.now().getTime() / 1000) + 86_400
    await submit(server, makeKey('waiting'))
    await submitApproved(server, 'lasting')
    await submit(server, makeKey('ending'), { query: `?expiration=${expiration}` })
    await server.as('root')('POST', '/api/v1/superuser/approvedkeys/ending', { body: {} })
    const left = async () => {
      await cleanUpKeys(server.deps)
      const rows = await server.deps.db
        .selectFrom('service_key')
        .select('kid')
        .orderBy('kid')
        .execute()
      return rows.map(({ kid }) => kid)
    }
    expect(await left()).toEqual(['ending', 'lasting', 'waiting'])
    server.clock.advance(86_460)
    expect(await left()).toEqual(['ending', 'lasting'])
    expect(await notices(server)).toEqual([])
    server.clock.advance(7 * 86_400)
    expect(await left()).toEqual(['lasting'])
  })
})

import { describe, expect, test } from 'vitest'

import { cleanUp } from '#services/clean-up.ts'
import { outcome } from '#test/support/client.ts'
import {
  listKeyAudit,
  listNotices,
  makeKey,
  pathOf,
  signToken,
  submit,
  submitApproved,
} from './service-key-fixture.ts'
import { startWithRoot } from './superuser-fixture.ts'

describe('deleteServicePublicKey', () => {
  test('removes a key on behalf of itself, or of an approved key of the service', async () => {
    const { server } = await startWithRoot()
    const waiting = makeKey('waiting')
    await submit(server, waiting)
    const self = server.withToken(signToken(server, waiting))
    expect(await outcome(self('DELETE', pathOf('waiting')))).toEqual([204])
    expect(await listNotices(server)).toEqual([])
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
      await cleanUp(server.deps)
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
    expect(await listNotices(server)).toEqual([])
    server.clock.advance(7 * 86_400)
    expect(await left()).toEqual(['lasting'])
  })
})

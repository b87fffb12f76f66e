import { describe, expect, test } from 'vitest'

import { outcome, type Call } from '#test/support/client.ts'
import { startWithRoot } from './superuser-fixture.ts'

const message = {
  content: 'Maintenance on **Friday** <b>',
  severity: 'warning',
  media_type: 'text/markdown',
}
const publish = (call: Call, more: object = {}) =>
  outcome(call('POST', '/api/v1/messages', { body: { message: { ...message, ...more } } }))

describe('global messages', () => {
  test('are shown to anybody as they were given, oldest first, until they are deleted', async () => {
    const { server, root } = await startWithRoot()
    expect(await publish(root)).toEqual([201])
    expect(
      await publish(root, { content: 'second', severity: 'info', media_type: 'text/plain' }),
    ).toEqual([201])
    const { json } = await server.call('GET', '/api/v1/messages')
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(json).toEqual({
      messages: [
        { uuid, ...message },
        { uuid, content: 'second', severity: 'info', media_type: 'text/plain' },
      ],
    })
    const path = `/api/v1/message/${json.messages[0].uuid}`
    expect(await outcome(root('DELETE', path))).toEqual([204])
    expect(await outcome(root('DELETE', path))).toEqual([204])
    expect((await server.call('GET', '/api/v1/messages')).json.messages).toHaveLength(1)
  })

  test('are gone, too, when no message ever had such an id', async () => {
    const { root } = await startWithRoot()
    expect(await outcome(root('DELETE', '/api/v1/message/1234'))).toEqual([204])
  })

  test('are published and deleted by superusers alone', async () => {
    const { server } = await startWithRoot()
    const { call: ada } = await server.user('ada')
    expect(await publish(ada)).toEqual([403, 'insufficient_scope'])
    expect(await publish(server.call)).toEqual([401, 'invalid_token'])
    const path = '/api/v1/message/4f0c1a7e-8d0b-4a86-9a80-3c4f2f1d9e55'
    expect(await outcome(ada('DELETE', path))).toEqual([403, 'insufficient_scope'])
  })

  test('are refused when they are no messages, too long or too many', async () => {
    const { server, root } = await startWithRoot()
    for (const more of [
      { severity: 'loud' },
      { media_type: 'text/html' },
      { content: 'x'.repeat(4097) },
    ])
      expect(await publish(root, more)).toEqual([400, 'invalid_request'])
    expect(await outcome(root('POST', '/api/v1/messages', { body: {} }))).toEqual([
      400,
      'invalid_request',
    ])
    const rows = Array.from({ length: 99 }, () => ({ ...message, created_at: new Date() }))
    await server.deps.db.insertInto('global_message').values(rows).execute()
    const statuses = (await Promise.all([publish(root), publish(root), publish(root)])).map(
      ([status]) => status,
    )
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 400, 400])
  })
})

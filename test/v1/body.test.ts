import { describe, expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { me, newRepo, repositories, startWithUser } from './request-fixture.ts'

describe('bodies', () => {
  const send = (body: string | undefined, type?: string) => ({
    ...(body === undefined ? {} : { body }),
    headers: type ? { 'content-type': type } : {},
  })
  const json = 'application/json'

  test('must be JSON by their media type; its parameters do not matter', async () => {
    const { call } = await startWithUser()
    const text = JSON.stringify(newRepo)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'])
      expect(await outcome(call('POST', repositories, send(text, type)))).toEqual([
        415,
        'unsupported_media_type',
      ])
    const answer = await call('POST', repositories, send(text, 'Application/JSON; charset=utf-8'))
    expect(answer.status).toBe(201)
  })

  test('must be good JSON, and an object', async () => {
    const { call } = await startWithUser()
    for (const text of ['{', '', 'null', '[]', '"text"', '7', "{'a':1}", '{"a":1,}', '{"a":NaN}'])
      expect([text, ...(await outcome(call('PUT', me, send(text, json))))]).toEqual([
        text,
        400,
        'invalid_request',
      ])
  })

  test('must be UTF-8', async () => {
    const { call } = await startWithUser()
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    const answer = call('PUT', me, { body: bytes, headers: { 'content-type': json } })
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
  })

  test('must be there where one is needed', async () => {
    const { call } = await startWithUser()
    expect(await outcome(call('PUT', me))).toEqual([400, 'invalid_request'])
    expect((await call('PUT', me)).json.detail).toContain('the body is missing')
  })

  test('may be 1 MiB and no more', async () => {
    const { call } = await startWithUser()
    const padded = (bytes: number) => `{}${' '.repeat(bytes - 2)}`
    expect((await call('PUT', me, send(padded(1_048_576), json))).status).toBe(200)
    expect(await outcome(call('PUT', me, send(padded(1_048_577), json)))).toEqual([
      413,
      'payload_too_large',
    ])
  })

  test('that come in chunks of unknown length may be 1 MiB and no more', async () => {
    const { call } = await startWithUser()
    const chunk = Buffer.alloc(65_536, ' ')
    const body = new ReadableStream({
      start(controller) {
        for (let count = 0; count < 17; count++) controller.enqueue(chunk)
        controller.close()
      },
    })
    expect(await outcome(call('PUT', me, { body, headers: { 'content-type': json } }))).toEqual([
      413,
      'payload_too_large',
    ])
  })

  test('may nest 64 levels deep and no more', async () => {
    const { call } = await startWithUser()
    const nested = (levels: number) =>
      `{"extra":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect((await call('PUT', me, send(nested(64), json))).status).toBe(200)
    expect(await outcome(call('PUT', me, send(nested(65), json)))).toEqual([400, 'invalid_request'])
    expect((await call('PUT', me, send(nested(500_000), json))).status).toBe(400)
  })

  test('may hold fields that are not declared: they are ignored', async () => {
    const { call } = await startWithUser()
    const answer = await call('POST', repositories, { body: { ...newRepo, surprise: true } })
    expect(answer.status).toBe(201)
  })

  test('may hold no text that the database cannot keep', async () => {
    const { call } = await startWithUser()
    for (const text of ['"\\u0000"', '"\\ud800"'])
      expect(await outcome(call('PUT', me, send(`{"email":${text}}`, json)))).toEqual([
        400,
        'invalid_request',
      ])
    expect(await outcome(call('GET', `${repositories}?namespace=%00`))).toEqual([
      400,
      'invalid_request',
    ])
  })

  test('are not looked at before the caller is known to have the right', async () => {
    const { server } = await startWithUser()
    for (const sent of [
      send('{', json),
      send('x', 'text/plain'),
      send(' '.repeat(1_048_577), json),
    ])
      expect(await outcome(server.call('POST', repositories, sent))).toEqual([401, 'invalid_token'])
  })
})

import { expect, test } from 'vitest'

import { errorCodes } from '#domain/errors.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'

test('getErrorDescription explains every error', async () => {
  const server = await startServer()
  for (const [title, { description }] of Object.entries(errorCodes)) {
    const { status, json } = await server.call('GET', `/api/v1/error/${title}`)
    expect([status, json]).toEqual([
      200,
      { type: `${server.url}/api/v1/error/${title}`, title, description },
    ])
  }
})

test('the address in the body of an error leads to its explanation', async () => {
  const server = await startServer()
  const refused = await server.call('GET', '/api/v1/user/')
  const path = new URL(refused.json.type).pathname
  expect((await server.call('GET', path)).json).toMatchObject({ title: refused.json.title })
})

test('getErrorDescription knows no other errors', async () => {
  const server = await startServer()
  for (const name of ['none', 'constructor', '__proto__'])
    expect(await outcome(server.call('GET', `/api/v1/error/${name}`))).toEqual([404, 'not_found'])
})

test('getErrorDescription wants somebody where nobody is served', async () => {
  const server = await startServer({ FEATURE_ANONYMOUS_ACCESS: 'false' })
  const { call } = await server.user('ada')
  const path = '/api/v1/error/not_found'
  expect(await outcome(server.call('GET', path))).toEqual([401, 'invalid_token'])
  expect((await call('GET', path)).status).toBe(200)
})

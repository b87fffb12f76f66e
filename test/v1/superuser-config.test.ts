import { describe, expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { startWithRoot } from './superuser-fixture.ts'

const config = '/api/v1/superuser/config'

describe('getSuperUserConfig', () => {
  test('shows the configuration without its secrets and without the environment', async () => {
    const { root } = await startWithRoot({
      FEATURE_SUPERUSER_CONFIGDUMP: 'true',
      SECRET_KEY: 'a key that nobody may see',
      DATABASE_URL: 'postgres://user:secret-word@nowhere/none',
      SESSION_TIMEOUT: '2h',
    })
    const { status, json, text } = await root('GET', config)
    expect([status, json]).toMatchObject([
      200,
      {
        config: {
          SECRET_KEY: '(hidden)',
          DATABASE_URL: 'postgres://user:***@nowhere/none',
          SESSION_TIMEOUT: '2h',
          FEATURE_SUPER_USERS: true,
        },
        warning: {},
        env: {},
        schema: { PORT: { type: 'integer', description: expect.any(String) } },
      },
    ])
    expect(text).not.toMatch(/nobody may see|secret-word/)
  })

  test('is refused to everybody while FEATURE_SUPERUSER_CONFIGDUMP is off', async () => {
    const { server, root } = await startWithRoot({ GLOBAL_READONLY_SUPER_USERS: 'auditor' })
    const { call: auditor } = await server.user('auditor')
    for (const call of [root, auditor])
      expect(await outcome(call('GET', config))).toEqual([403, 'insufficient_scope'])
    expect(await outcome(server.call('GET', config))).toEqual([401, 'invalid_token'])
  })
})

import { setTimeout } from 'node:timers/promises'

import { decode } from 'jsonwebtoken'
import { sql } from 'kysely'
import { describe, expect, test, vi } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { outcome } from '#test/support/client.ts'
import { cookieOf, registryToken, startServer, type TestServer } from '#test/support/server.ts'

/** Id of the key that signs registry tokens now. */
async function signingKeyId(server: TestServer): Promise<string> {
  const token = await registryToken(server.call, server.host, 'ada', [])
  return decode(token, { complete: true })!.header.kid!
}

describe('getCsrfToken', () => {
  test('begins a session, and gives the same token as long as it lasts', async () => {
    const server = await startServer()
    const begun = await server.call('GET', '/csrf_token')
    expect(begun.json).toEqual({ csrf_token: expect.stringMatching(/^[\w-]{64}$/) })
    const cookie = cookieOf(begun.headers)
    const again = await server.call('GET', '/csrf_token', { headers: { cookie } })
    expect(again.json).toEqual(begun.json)
    expect((await server.call('GET', '/csrf_token')).json).not.toEqual(begun.json)
  })
})

describe('getUiConfig', () => {
  test('tells features, and settings that anybody may know', async () => {
    const server = await startServer({
      REGISTRY_TITLE: 'Harbour',
      FEATURE_REPO_MIRROR: 'true',
      FEATURE_ANONYMOUS_ACCESS: 'false',
    })
    const { json } = await server.call('GET', '/config')
    expect(json).toMatchObject({
      config: { REGISTRY_TITLE: 'Harbour', PREFERRED_URL_SCHEME: 'http' },
      features: { REPO_MIRROR: true, ANONYMOUS_ACCESS: false, USER_CREATION: true },
      oauth: {},
      external_login: [],
      registry_state: 'normal',
      account_recovery_mode: false,
      version_number: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    })
  })

  test('tells what the web page of Quay reads: host, ways to sign in, and what is not built', async () => {
    const server = await startServer()
    const { config, features } = (await server.call('GET', '/config')).json
    expect(config).toMatchObject({
      SERVER_HOSTNAME: server.host,
      AUTHENTICATION_TYPE: 'Database',
      LOCAL_OAUTH_HANDLER: '/oauth/localapp',
      AVATAR_KIND: 'local',
      BRANDING: { logo: '/assets/compass.svg' },
      CONTACT_INFO: [],
      TAG_EXPIRATION_OPTIONS: ['0s', '1d', '1w', '2w', '4w'],
    })
    expect((await server.call('GET', config.BRANDING.logo)).status).toBe(200)
    expect(features).toMatchObject({ BILLING: false, QUOTA_MANAGEMENT: false, SIGNING: false })
    expect(features).toMatchObject({ EXTENDED_REPOSITORY_NAMES: true, DIRECT_LOGIN: true })
    const named = await startServer({ SERVER_HOSTNAME: 'registry.example.com' })
    expect((await named.call('GET', '/config')).json.config.SERVER_HOSTNAME).toBe(
      'registry.example.com',
    )
  })

  test('tells no secrets, and nobody by name', async () => {
    const server = await startServer({
      SUPER_USERS: 'root',
      SECRET_KEY: 'a key that nobody may see',
      DATABASE_URL: 'postgres://user:hidden@nowhere/none',
    })
    const { text } = await server.call('GET', '/config')
    expect(text).not.toMatch(/root|nobody may see|hidden|DATABASE_URL|SECRET_KEY/)
  })
})

test('answers are for who asked: no cache keeps them, and no browser guesses their type', async () => {
  const server = await startServer()
  const { call: ada } = await server.user('ada')
  const { image } = await server.repository('ada/app')
  const missing = '/api/v1/repository/ada/none'
  for (const path of ['/api/v1/user/', '/api/v1/user/robots', '/csrf_token', '/config', missing])
    expect((await ada('GET', path)).headers.get('cache-control')).toBe('no-store')
  const pull = await server.registry('ada', 'repository:ada/app:pull')
  for (const path of [`blobs/${digestOf(image.config)}`, 'manifests/latest', 'tags/list'])
    expect((await pull('GET', `/v2/ada/app/${path}`)).headers.get('x-content-type-options')).toBe(
      'nosniff',
    )
})

describe('health', () => {
  test('of a registry that works is 200, with each part', async () => {
    const server = await startServer()
    for (const path of ['/health', '/health/instance'])
      expect((await server.call('GET', path)).json).toEqual({
        data: { services: { web: true, registry: true, service_key: true } },
        status_code: 200,
      })
    for (const path of ['/status', '/health/endtoend'])
      expect((await server.call('GET', path)).json).toEqual({
        data: { services: { database: true, storage: true, auth: true } },
        status_code: 200,
      })
  })

  test('is looked at once for all who ask at the same time, because looking writes and syncs', async () => {
    const blobs = openMemoryDriver()
    let [under, most] = [0, 0]
    const probe = vi.fn<() => Promise<void>>(async () => {
      most = Math.max(most, ++under)
      await setTimeout(20)
      under--
    })
    const server = await startServer({}, { blobs: { ...blobs, checkHealth: probe } })
    const asked = Array.from({ length: 20 }, () => server.call('GET', '/health/endtoend'))
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200)
    expect(most).toBe(1)
    const before = probe.mock.calls.length
    expect((await server.call('GET', '/health/endtoend')).status).toBe(200)
    expect(probe.mock.calls.length).toBe(before + 1)
  })

  test('of a registry with a broken part is 503, and says which', async () => {
    const server = await startServer()
    await sql`alter table user_account rename to user_account_lost`.execute(server.deps.db)
    await sql`alter table signing_key rename to signing_key_lost`.execute(server.deps.db)
    const endToEnd = await server.call('GET', '/health/endtoend')
    expect([endToEnd.status, endToEnd.json]).toEqual([
      503,
      { data: { services: { database: true, storage: true, auth: false } }, status_code: 503 },
    ])
    const instance = await server.call('GET', '/health/instance')
    expect([instance.status, instance.json.data.services.service_key]).toEqual([503, false])
  })

  test('is told to everybody', async () => {
    const server = await startServer({ FEATURE_ANONYMOUS_ACCESS: 'false' })
    for (const path of ['/health/instance', '/health/endtoend', '/config', '/csrf_token'])
      expect((await server.call('GET', path)).status).toBe(200)
  })
})

describe('the keys of registry tokens', () => {
  test('are listed, and shown one by one, without their private halves', async () => {
    const server = await startServer()
    await server.user('ada')
    const kid = await signingKeyId(server)
    const { json } = await server.call('GET', '/keys/services/registry/keys')
    expect(json.keys).toMatchObject([{ kid, kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' }])
    expect(json.keys[0]).not.toHaveProperty('d')
    const one = await server.call('GET', `/keys/services/registry/keys/${kid}`)
    expect(one.json).toEqual(json.keys[0])
  })

  test('may be kept for a day, and never past their expiry', async () => {
    const server = await startServer()
    await server.user('ada')
    const kid = await signingKeyId(server)
    const path = `/keys/services/registry/keys/${kid}`
    expect((await server.call('GET', path)).headers.get('cache-control')).toBe('max-age=86400')
    await server.deps.db
      .updateTable('signing_key')
      .set({ expires_at: new Date(server.clock.now().getTime() + 3_600_500) })
      .execute()
    const seconds = (await server.call('GET', path)).headers.get('cache-control')
    expect(Number(/^max-age=(\d+)$/.exec(seconds!)![1])).toBeCloseTo(3600, -1)
  })

  test('are not found when unknown, and refused when expired', async () => {
    const server = await startServer()
    await server.user('ada')
    const kid = await signingKeyId(server)
    const get = (id: string) => server.call('GET', `/keys/services/registry/keys/${id}`)
    expect(await outcome(get('unknown'))).toEqual([404, 'not_found'])
    await server.deps.db
      .updateTable('signing_key')
      .set({ expires_at: new Date('2020-01-01T00:00:00Z') })
      .execute()
    const expired = await get(kid)
    expect(await outcome(expired)).toEqual([403, 'denied'])
    expect(expired.json.detail).toBe('the key expired on Wed, 01 Jan 2020 00:00:00 -0000')
    expect((await server.call('GET', '/keys/services/registry/keys')).json.keys).toEqual([])
  })
})

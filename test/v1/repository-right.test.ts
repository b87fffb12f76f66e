import { describe, expect, test } from 'vitest'

import { grant, listAudit } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { startWithRepository } from './repository-fixture.ts'

describe('changeRepoVisibility', () => {
  test('acts at once on the next pull, and is written to the audit log', async () => {
    const { server, owner, url } = await startWithRepository()
    const show = (visibility: string) =>
      owner('POST', `${url}/changevisibility`, { body: { visibility } })
    expect((await show('public')).json).toEqual({ success: true })
    const pull = await server.registry(undefined, 'repository:acme/nginx:pull')
    expect((await pull('GET', '/v2/acme/nginx/manifests/edge')).status).toBe(200)
    expect((await server.call('GET', url)).json.is_public).toBe(true)
    await show('private')
    expect((await pull('GET', '/v2/acme/nginx/manifests/edge')).status).toBe(401)
    const entries = await listAudit(server, 'acme', 'change_repo_visibility')
    expect(entries.map(({ metadata }) => metadata)).toEqual([
      { repo: 'nginx', namespace: 'acme', visibility: 'public' },
      { repo: 'nginx', namespace: 'acme', visibility: 'private' },
    ])
  })
})

describe('changeRepoState', () => {
  test('sets the state, and is written to the audit log', async () => {
    const { server, owner, url } = await startWithRepository({ FEATURE_REPO_MIRROR: 'true' })
    const set = (state: string) => owner('PUT', `${url}/changestate`, { body: { state } })
    expect((await set('READ_ONLY')).json).toEqual({ success: true })
    expect((await owner('GET', url)).json).toMatchObject({
      state: 'READ_ONLY',
      can_write: false,
      can_admin: true,
    })
    expect((await set('NORMAL')).status).toBe(200)
    const entries = await listAudit(server, 'acme', 'change_repo_state')
    expect(entries.map(({ metadata }) => metadata)).toEqual([
      { repo: 'nginx', namespace: 'acme', state_changed: 'READ_ONLY' },
      { repo: 'nginx', namespace: 'acme', state_changed: 'NORMAL' },
    ])
  })

  test('refuses a state that people cannot set', async () => {
    const { owner, url } = await startWithRepository({ FEATURE_REPO_MIRROR: 'true' })
    for (const state of ['ORG_MIRROR', 'MARKED_FOR_DELETION', 'normal'])
      expect(await outcome(owner('PUT', `${url}/changestate`, { body: { state } }))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('is not there without FEATURE_REPO_MIRROR, whoever asks', async () => {
    const { server, owner, stranger, url } = await startWithRepository()
    for (const call of [owner, stranger, server.call])
      expect(
        await outcome(call('PUT', `${url}/changestate`, { body: { state: 'NORMAL' } })),
      ).toEqual([404, 'not_found'])
  })
})

describe('the rights on repositories', () => {
  const changes: [string, string, object?][] = [
    ['PUT', '', { description: '' }],
    ['POST', '/changevisibility', { visibility: 'public' }],
    ['PUT', '/changestate', { state: 'NORMAL' }],
    ['DELETE', ''],
  ]

  test('nobody and strangers change nothing, whether or not the repository exists', async () => {
    const { server, stranger, url } = await startWithRepository({ FEATURE_REPO_MIRROR: 'true' })
    for (const base of [url, '/api/v1/repository/acme/none', '/api/v1/repository/nobody/none'])
      for (const [method, path, body] of changes) {
        const options = body && { body }
        expect(await outcome(server.call(method, base + path, options))).toEqual([
          401,
          'invalid_token',
        ])
        expect(await outcome(stranger(method, base + path, options))).toEqual([
          403,
          'insufficient_scope',
        ])
      }
  })

  test('owners are told what is not there and what is wrong', async () => {
    const { owner, url } = await startWithRepository({ FEATURE_REPO_MIRROR: 'true' })
    for (const [method, path, body] of changes) {
      const missing = owner(method, `/api/v1/repository/acme/none${path}`, body && { body })
      expect(await outcome(missing)).toEqual([404, 'not_found'])
    }
    for (const [method, path] of changes.filter(([, , body]) => body))
      expect(await outcome(owner(method, url + path, { body: {} }))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('writers do not administer', async () => {
    const { server, stranger, url } = await startWithRepository({ FEATURE_REPO_MIRROR: 'true' })
    await grant(server, 'acme/nginx', 'stranger', 'write')
    for (const [method, path, body] of changes.slice(1))
      expect(await outcome(stranger(method, url + path, body && { body }))).toEqual([
        403,
        'insufficient_scope',
      ])
    await grant(server, 'acme/nginx', 'stranger', 'admin')
    for (const [method, path, body] of changes)
      expect((await stranger(method, url + path, body && { body })).status).toBeLessThan(300)
  })
})

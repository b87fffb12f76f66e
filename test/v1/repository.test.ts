import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'

import { grant, listAudit, setEnabled } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { create, startWithRepository } from './repository-fixture.ts'

describe('getRepo', () => {
  test('shows a repository, what the caller may do, and its live tags', async () => {
    const { server, owner, url, image } = await startWithRepository()
    expect((await owner('GET', url)).json).toEqual({
      namespace: 'acme',
      name: 'nginx',
      kind: 'image',
      description: null,
      is_public: false,
      is_organization: false,
      is_starred: false,
      status_token: '',
      trust_enabled: false,
      tag_expiration_s: server.deps.config.DEFAULT_TAG_EXPIRATION,
      is_free_account: true,
      state: 'NORMAL',
      can_write: true,
      can_admin: true,
      tags: {
        edge: {
          name: 'edge',
          size: image.layer.length,
          last_modified: expect.stringMatching(/ -0000$/),
          manifest_digest: image.digest,
        },
      },
    })
  })

  test('leaves the tags out, and counts 92 days, when it is asked to', async () => {
    const { server, owner, url } = await startWithRepository()
    expect((await owner('GET', `${url}?includeTags=false`)).json).not.toHaveProperty('tags')
    const { stats } = (await owner('GET', `${url}?includeStats=true`)).json
    expect(stats).toHaveLength(92)
    expect(stats.at(-1)).toEqual({
      date: server.clock.now().toISOString().slice(0, 10),
      count: 0,
    })
  })

  test('says what a reader and a writer may do', async () => {
    const { server, stranger, url } = await startWithRepository()
    await grant(server, 'acme/nginx', 'stranger', 'read')
    expect((await stranger('GET', url)).json).toMatchObject({ can_write: false, can_admin: false })
    await grant(server, 'acme/nginx', 'stranger', 'write')
    expect((await stranger('GET', url)).json).toMatchObject({ can_write: true, can_admin: false })
  })

  test('tells only those who administer the namespace that there is no repository', async () => {
    const { server, owner, stranger } = await startWithRepository()
    const none = '/api/v1/repository/acme/none'
    expect(await outcome(owner('GET', none))).toEqual([404, 'not_found'])
    expect(await outcome(stranger('GET', none))).toEqual([403, 'insufficient_scope'])
    expect(await outcome(server.call('GET', none))).toEqual([401, 'invalid_token'])
  })

  test('answers for a private repository as for one that does not exist', async () => {
    const { server, stranger, url } = await startWithRepository()
    for (const call of [stranger, server.call]) {
      const hidden = await call('GET', url)
      const missing = await call('GET', '/api/v1/repository/nobody/nothing')
      expect([hidden.status, hidden.json]).toEqual([missing.status, missing.json])
    }
  })

  test('hides the repositories of a disabled namespace from everybody', async () => {
    const { server, stranger, url } = await startWithRepository()
    await grant(server, 'acme/nginx', 'stranger', 'admin')
    await setEnabled(server, 'acme', false)
    expect(await outcome(stranger('GET', url))).toEqual([403, 'insufficient_scope'])
  })
})

describe('updateRepo', () => {
  test('replaces the description, and is written to the audit log', async () => {
    const { server, owner, url } = await startWithRepository()
    const answer = await owner('PUT', url, { body: { description: '# Web server' } })
    expect(answer.json).toEqual({ success: true })
    expect((await owner('GET', url)).json.description).toBe('# Web server')
    expect(await listAudit(server, 'acme', 'set_repo_description')).toMatchObject([
      { metadata: { repo: 'nginx', namespace: 'acme', description: '# Web server' } },
    ])
  })

  test('wants the right to write', async () => {
    const { server, stranger, url } = await startWithRepository()
    const options = { body: { description: 'mine' } }
    await grant(server, 'acme/nginx', 'stranger', 'read')
    expect(await outcome(stranger('PUT', url, options))).toEqual([403, 'insufficient_scope'])
    await grant(server, 'acme/nginx', 'stranger', 'write')
    expect((await stranger('PUT', url, options)).status).toBe(200)
  })
})

describe('deleteRepository', () => {
  test('takes a repository out of sight, and its name is free at once', async () => {
    const { server, owner, url, image } = await startWithRepository()
    const before = await server.registry('acme', 'repository:acme/nginx:pull')
    expect((await owner('DELETE', url)).status).toBe(204)
    expect(await outcome(owner('GET', url))).toEqual([404, 'not_found'])
    expect((await before('GET', `/v2/acme/nginx/manifests/${image.digest}`)).status).toBe(404)
    expect((await create(owner, 'nginx')).status).toBe(201)
    expect((await owner('GET', url)).json.tags).toEqual({})
  })

  test('is written to the audit log, and a job removes what the repository held', async () => {
    const { server, owner, url } = await startWithRepository()
    await owner('DELETE', url)
    expect(await listAudit(server, 'acme', 'delete_repo')).toMatchObject([
      { metadata: { repo: 'nginx', namespace: 'acme' }, performer: 'acme' },
    ])
    const { rows } = await sql`select task_identifier from graphile_worker.jobs`.execute(
      server.deps.db,
    )
    expect(rows).toEqual([{ task_identifier: 'purge-repository' }])
  })

  test('happens once when ten callers ask for it', async () => {
    const { server, owner, url } = await startWithRepository()
    await owner('GET', url)
    const answers = await Promise.all(Array.from({ length: 10 }, () => owner('DELETE', url)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([204, ...Array<number>(9).fill(404)])
    expect(await listAudit(server, 'acme', 'delete_repo')).toHaveLength(1)
  })
})

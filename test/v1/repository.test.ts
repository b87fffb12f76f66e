import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'

import { grant, listAudit, makeOrganization, setEnabled } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

const newRepo = { visibility: 'private', description: '' }

/** A server where `acme` owns the private repository `acme/nginx`, and `stranger` owns nothing. */
async function startWithRepository(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  await server.user('acme')
  await server.user('stranger')
  const { url, image } = await server.repository('acme/nginx', ['edge'])
  return { server, owner: server.as('acme'), stranger: server.as('stranger'), url, image }
}

function create(call: Call, repository: string, more: object = {}) {
  return call('POST', '/api/v1/repository', { body: { ...newRepo, repository, ...more } })
}

async function namesOf(call: Call, query: string): Promise<string[]> {
  const { json } = await call('GET', `/api/v1/repository?${query}`)
  return json.repositories.map(
    ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`,
  )
}

/** Adds repositories `r-000`, `r-001`, … to a namespace, by SQL. */
async function addRepositories(server: TestServer, namespace: string, count: number) {
  await sql`
    insert into repository (namespace_id, name, is_public, created_at)
    select n.id, 'r-' || lpad(i::text, 3, '0'), true, now()
    from namespace n, generate_series(0, ${count - 1}::integer) i
    where n.name = ${namespace} order by i`.execute(server.deps.db)
}

describe('createRepo', () => {
  test('makes a repository in the own namespace', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    const made = await create(call, 'nginx', { visibility: 'public', description: 'Web server' })
    expect([made.status, made.json]).toEqual([
      201,
      { namespace: 'acme', name: 'nginx', kind: 'image' },
    ])
    expect((await call('GET', '/api/v1/repository/acme/nginx')).json).toMatchObject({
      description: 'Web server',
      is_public: true,
      state: 'NORMAL',
      tags: {},
    })
  })

  test('is written to the audit log', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    await create(call, 'team/app')
    expect(await listAudit(server, 'acme', 'create_repo')).toEqual([
      {
        kind: 'create_repo',
        metadata: { repo: 'team/app', namespace: 'acme' },
        performer: 'acme',
        address: '127.0.0.1',
      },
    ])
    expect(await server.logs('acme/team/app')).toHaveLength(1)
  })

  test('takes a name of several segments, and a kind that is image or null', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    expect((await create(call, 'a/b/c', { repo_kind: 'image' })).json.name).toBe('a/b/c')
    expect((await create(call, 'd', { repo_kind: null })).status).toBe(201)
    expect(await outcome(create(call, 'e', { repo_kind: 'application' }))).toEqual([
      400,
      'invalid_request',
    ])
  })

  test('refuses a name that is taken', async () => {
    const { owner } = await startWithRepository()
    const answer = await create(owner, 'nginx')
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
    expect(answer.json.detail).toBe('Repository already exists')
  })

  test('refuses names that break the rules', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    for (const name of ['', 'Nginx', '-a', 'a..b', 'a b', 'a//b', '/a', 'a/', 'x'.repeat(251)])
      expect(await outcome(create(call, name))).toEqual([400, 'invalid_request'])
  })

  test('refuses a body that lacks a field or holds a wrong one', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    const good = { ...newRepo, repository: 'nginx' }
    for (const field of ['repository', 'visibility', 'description']) {
      const answer = await call('POST', '/api/v1/repository', {
        body: { ...good, [field]: undefined },
      })
      expect(await outcome(answer)).toEqual([400, 'invalid_request'])
      expect(answer.json.detail).toBe(`the body lacks '${field}'`)
    }
    const answer = await create(call, 'nginx', { visibility: 'secret' })
    expect(answer.json.detail).toBe('visibility must be one of public, private')
  })

  test('makes the creator in an organization the administrator of the repository', async () => {
    const server = await startServer()
    for (const name of ['boss', 'maker', 'helper']) await server.user(name)
    await makeOrganization(server, 'bureau', {
      admin: 'boss',
      creator: 'maker',
      member: 'helper',
    })
    const made = await create(server.as('maker'), 'app', { namespace: 'bureau' })
    expect(made.json).toEqual({ namespace: 'bureau', name: 'app', kind: 'image' })
    expect((await server.as('maker')('GET', '/api/v1/repository/bureau/app')).json).toMatchObject({
      is_organization: true,
      can_admin: true,
    })
    expect(await outcome(create(server.as('helper'), 'other', { namespace: 'bureau' }))).toEqual([
      403,
      'insufficient_scope',
    ])
  })

  test('refuses a namespace of others in the same words as one that does not exist', async () => {
    const { stranger } = await startWithRepository()
    const other = await create(stranger, 'app', { namespace: 'acme' })
    const none = await create(stranger, 'app', { namespace: 'nobody' })
    expect(await outcome(other)).toEqual([403, 'insufficient_scope'])
    expect(none.json).toEqual(other.json)
  })

  test('wants somebody signed in', async () => {
    const server = await startServer()
    expect(await outcome(create(server.call, 'nginx'))).toEqual([401, 'invalid_token'])
  })

  test('lets one of ten parallel callers make a name', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(call, 'nginx')))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([201, ...Array<number>(9).fill(400)])
    expect(await listAudit(server, 'acme', 'create_repo')).toHaveLength(1)
  })
})

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

describe('listRepos', () => {
  test('shows a repository with its state, and with what is asked for', async () => {
    const { server, owner } = await startWithRepository()
    const plain = await owner('GET', '/api/v1/repository?namespace=acme')
    expect(plain.json).toEqual({
      repositories: [
        {
          namespace: 'acme',
          name: 'nginx',
          description: null,
          is_public: false,
          kind: 'image',
          state: 'NORMAL',
          is_starred: false,
        },
      ],
    })
    await create(owner, 'empty')
    const query = 'namespace=acme&last_modified=true&popularity=true'
    const { json } = await owner('GET', `/api/v1/repository?${query}`)
    expect(json.repositories).toMatchObject([
      { last_modified: expect.closeTo(server.clock.now().getTime() / 1000, -2), popularity: 0 },
      { last_modified: null, popularity: 0 },
    ])
  })

  test('wants to know which: of a namespace, starred, or public', async () => {
    const { owner } = await startWithRepository()
    for (const query of ['', 'public=false', 'last_modified=true'])
      expect(await outcome(owner('GET', `/api/v1/repository?${query}`))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('shows private repositories to those who may read them alone', async () => {
    const { server, owner, stranger } = await startWithRepository()
    await create(owner, 'other')
    expect(await namesOf(owner, 'namespace=acme')).toEqual(['acme/nginx', 'acme/other'])
    expect(await namesOf(stranger, 'namespace=acme&public=true')).toEqual([])
    await grant(server, 'acme/nginx', 'stranger', 'read')
    expect(await namesOf(stranger, 'namespace=acme')).toEqual(['acme/nginx'])
    expect(await namesOf(server.call, 'namespace=acme&public=true')).toEqual([])
  })

  test('adds public repositories when it is asked to', async () => {
    const { server, owner, stranger } = await startWithRepository()
    await create(owner, 'open', { visibility: 'public' })
    await create(stranger, 'own', { visibility: 'public' })
    expect(await namesOf(stranger, 'namespace=acme')).toEqual([])
    expect(await namesOf(stranger, 'namespace=acme&public=true')).toEqual(['acme/open'])
    expect(await namesOf(server.call, 'public=true')).toEqual(['acme/open', 'stranger/own'])
  })

  test('shows an organization to its admin teams, and to its other teams what they were granted', async () => {
    const server = await startServer()
    for (const name of ['boss', 'helper']) await server.user(name)
    await makeOrganization(server, 'bureau', { admin: 'boss', member: 'helper' })
    await create(server.as('boss'), 'one', { namespace: 'bureau' })
    await create(server.as('boss'), 'two', { namespace: 'bureau' })
    await grant(server, 'bureau/two', 'helper', 'read')
    expect(await namesOf(server.as('boss'), 'namespace=bureau')).toEqual([
      'bureau/one',
      'bureau/two',
    ])
    expect(await namesOf(server.as('helper'), 'namespace=bureau')).toEqual(['bureau/two'])
  })

  test('gives every repository once when its pages are followed, 100 a page', async () => {
    const { server, owner } = await startWithRepository()
    await addRepositories(server, 'acme', 250)
    const seen: string[] = []
    const sizes: number[] = []
    for (let next: string | undefined = ''; next !== undefined;) {
      const { json } = await owner('GET', `/api/v1/repository?namespace=acme&next_page=${next}`)
      sizes.push(json.repositories.length)
      seen.push(...json.repositories.map(({ name }: { name: string }) => name))
      next = json.next_page
    }
    expect(sizes).toEqual([100, 100, 51])
    expect(new Set(seen).size).toBe(251)
  })

  test('gives no next page when the last one is full, and the first page for a bad token', async () => {
    const { server, owner } = await startWithRepository()
    await addRepositories(server, 'acme', 99)
    const { json } = await owner('GET', '/api/v1/repository?namespace=acme&next_page=nonsense')
    expect(json.repositories).toHaveLength(100)
    expect(json).not.toHaveProperty('next_page')
  })

  test('leaves out what was deleted, and namespaces that are disabled', async () => {
    const { server, owner, stranger, url } = await startWithRepository()
    await create(owner, 'open', { visibility: 'public' })
    await owner('DELETE', url)
    expect(await namesOf(owner, 'namespace=acme')).toEqual(['acme/open'])
    await setEnabled(server, 'acme', false)
    expect(await namesOf(stranger, 'public=true')).toEqual([])
  })

  test('has nothing of another kind, and nothing starred yet', async () => {
    const { server, owner } = await startWithRepository()
    expect(await namesOf(owner, 'namespace=acme&repo_kind=application')).toEqual([])
    expect(await namesOf(owner, 'starred=true')).toEqual([])
    expect(await outcome(server.call('GET', '/api/v1/repository?starred=true'))).toEqual([
      400,
      'invalid_request',
    ])
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

import { describe, expect, test } from 'vitest'

import { imageIndexType } from '#domain/manifest.ts'
import { makeOrganization, listAudit } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { makeImage, makeIndex, pushImage, pushManifest } from '#test/support/image.ts'
import { startServer, type TestServer } from '#test/support/server.ts'

const unknownDigest = `sha256:${'0'.repeat(64)}`
const day = 86_400

/** A server where `acme` owns `acme/nginx`, whose tags point at one image. */
async function startWithTags(tags = ['edge'], settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  await server.user('acme')
  const { url, image } = await server.repository('acme/nginx', tags)
  return { server, owner: server.as('acme'), url, image }
}

async function makeImmutable(server: TestServer, name: string): Promise<void> {
  await server.deps.db
    .updateTable('tag')
    .set({ is_immutable: true })
    .where('name', '=', name)
    .execute()
}

/** Adds `count` live tags `t-000`, `t-001`, …, each a second younger than the one before, by SQL. */
async function addTags(server: TestServer, count: number): Promise<void> {
  const { db } = server.deps
  const { id, repository_id } = await db
    .selectFrom('manifest')
    .select(['id', 'repository_id'])
    .executeTakeFirstOrThrow()
  await db
    .insertInto('tag')
    .values(
      Array.from({ length: count }, (_, index) => ({
        repository_id,
        manifest_id: id,
        name: `t-${String(index).padStart(3, '0')}`,
        started_at: new Date(Date.parse('2020-01-01T00:00:00Z') + index * 1000),
      })),
    )
    .execute()
}

async function namesOf(call: Call, path: string): Promise<string[]> {
  const { json } = await call('GET', path)
  return json.tags.map(({ name }: { name: string }) => name)
}

const nowSeconds = (server: TestServer) => Math.floor(server.clock.now().getTime() / 1000)

describe('listRepoTags', () => {
  test('shows what a live tag points at and since when', async () => {
    const { server, owner, url, image } = await startWithTags()
    const { json } = await owner('GET', `${url}/tag/`)
    expect(json).toEqual({
      tags: [
        {
          name: 'edge',
          reversion: false,
          start_ts: expect.closeTo(nowSeconds(server), -2),
          manifest_digest: image.digest,
          is_manifest_list: false,
          size: image.layer.length,
          last_modified: expect.stringMatching(/ -0000$/),
        },
      ],
      page: 1,
      has_additional: false,
    })
  })

  test('says of an index which of its manifests the repository holds', async () => {
    const { server, owner, url, image } = await startWithTags(['edge'], {
      FEATURE_SPARSE_INDEX: 'true',
    })
    const missing = makeImage()
    const push = await server.registry('acme', 'repository:acme/nginx:pull,push')
    await pushManifest(push, 'acme/nginx', 'multi', makeIndex([image, missing]), imageIndexType)
    const { json } = await owner('GET', `${url}/tag/?specificTag=multi`)
    expect(json.tags).toMatchObject([
      {
        is_manifest_list: true,
        size: null,
        is_sparse: true,
        child_manifest_count: 2,
        present_child_count: 1,
        child_manifests_presence: { [image.digest]: true, [missing.digest]: false },
      },
    ])
  })

  test('gives the newest first, and tags of the same moment by name', async () => {
    const { server, owner, url } = await startWithTags()
    await addTags(server, 3)
    await server.deps.db
      .updateTable('tag')
      .set({ started_at: new Date('2020-01-01T00:00:00Z') })
      .where('name', 'in', ['t-000', 't-001'])
      .execute()
    expect(await namesOf(owner, `${url}/tag/`)).toEqual(['edge', 't-002', 't-000', 't-001'])
  })

  test('gives every tag once when its pages are read one after the other', async () => {
    const { server, owner, url } = await startWithTags()
    await addTags(server, 6)
    const pages = []
    for (let page = 1, more = true; more; page++) {
      const { json } = await owner('GET', `${url}/tag/?limit=3&page=${page}`)
      expect(json.page).toBe(page)
      pages.push(json.tags.map(({ name }: { name: string }) => name))
      more = json.has_additional
    }
    expect(pages).toEqual([['edge', 't-005', 't-004'], ['t-003', 't-002', 't-001'], ['t-000']])
    const beyond = await owner('GET', `${url}/tag/?limit=3&page=9`)
    expect(beyond.json).toMatchObject({ tags: [], page: 9, has_additional: false })
  })

  test('clamps the page size to 1 to 100, 50 by default, and the page to 1', async () => {
    const { server, owner, url } = await startWithTags()
    await addTags(server, 101)
    const count = async (query: string) => (await namesOf(owner, `${url}/tag/?${query}`)).length
    expect(await count('')).toBe(50)
    expect(await count('limit=1000')).toBe(100)
    expect(await count('limit=0')).toBe(1)
    expect(await count('limit=-7')).toBe(1)
    expect((await owner('GET', `${url}/tag/?page=-3`)).json.page).toBe(1)
  })

  test('finds names that hold a text, taken literally, and the exact name', async () => {
    const { owner, url } = await startWithTags(['v1.0', 'v1-0', 'v1_0', 'edge'])
    const find = async (filter: string) =>
      (await namesOf(owner, `${url}/tag/?filter_tag_name=${encodeURIComponent(filter)}`)).toSorted()
    expect(await find('like:v1')).toEqual(['v1-0', 'v1.0', 'v1_0'])
    expect(await find('like:1_')).toEqual(['v1_0'])
    expect(await find('like:%')).toEqual([])
    expect(await find('like:')).toHaveLength(4)
    expect(await find('eq:v1')).toEqual([])
    expect(await find('eq:v1.0')).toEqual(['v1.0'])
  })

  test('refuses a filter that is neither like:TEXT nor eq:TEXT', async () => {
    const { owner, url } = await startWithTags()
    const answer = await owner('GET', `${url}/tag/?filter_tag_name=v1`)
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
    expect(answer.json.detail).toContain('like:TEXT or eq:TEXT')
  })

  test('refuses numbers that are none', async () => {
    const { owner, url } = await startWithTags()
    for (const query of ['limit=many', 'page=first', 'page=1.5', 'page=10000000'])
      expect(await outcome(owner('GET', `${url}/tag/?${query}`))).toEqual([400, 'invalid_request'])
  })

  test('leaves out what has ended when only active tags are asked for', async () => {
    const { owner, url } = await startWithTags(['edge', 'gone'])
    await owner('DELETE', `${url}/tag/gone`)
    expect((await namesOf(owner, `${url}/tag/`)).toSorted()).toEqual(['edge', 'gone'])
    expect(await namesOf(owner, `${url}/tag/?onlyActiveTags=true`)).toEqual(['edge'])
  })

  test('gives every life of one tag with specificTag, and of no other', async () => {
    const { server, owner, url, image } = await startWithTags(['edge', 'edge-2'])
    const second = await server.repository('acme/nginx', ['edge'])
    const { json } = await owner('GET', `${url}/tag/?specificTag=edge`)
    expect(json.tags).toMatchObject([
      { name: 'edge', manifest_digest: second.image.digest },
      { name: 'edge', manifest_digest: image.digest, end_ts: expect.any(Number) },
    ])
    expect(await namesOf(owner, `${url}/tag/?specificTag=none`)).toEqual([])
  })

  test('forgets ended lives when the time machine of the namespace is over', async () => {
    const { server, owner, url } = await startWithTags(['edge', 'gone'])
    await owner('DELETE', `${url}/tag/gone`)
    server.clock.advance(14 * day - 60)
    expect(await namesOf(owner, `${url}/tag/?specificTag=gone`)).toEqual(['gone'])
    server.clock.advance(120)
    expect(await namesOf(owner, `${url}/tag/?specificTag=gone`)).toEqual([])
    expect(await namesOf(owner, `${url}/tag/`)).toEqual(['edge'])
  })
})

describe('deleteFullTag', () => {
  test('removes a tag once, and an immutable one never', async () => {
    const { server, owner, url } = await startWithTags(['edge', 'v1'])
    await makeImmutable(server, 'v1')
    expect(await outcome(owner('DELETE', `${url}/tag/edge`))).toEqual([204])
    expect(await outcome(owner('DELETE', `${url}/tag/edge`))).toEqual([404, 'not_found'])
    expect(await outcome(owner('DELETE', `${url}/tag/v1`))).toEqual([409, 'tag_immutable'])
  })

  test('is written to the audit log', async () => {
    const { server, owner, url } = await startWithTags()
    await owner('DELETE', `${url}/tag/edge`)
    expect(await listAudit(server, 'acme', 'delete_tag')).toEqual([
      {
        kind: 'delete_tag',
        metadata: { username: 'acme', repo: 'nginx', namespace: 'acme', tag: 'edge' },
        performer: 'acme',
        address: '127.0.0.1',
      },
    ])
  })

  test('leaves the manifest where it is, under its digest', async () => {
    const { server, owner, url, image } = await startWithTags()
    await owner('DELETE', `${url}/tag/edge`)
    const pull = await server.registry('acme', 'repository:acme/nginx:pull')
    expect((await pull('GET', '/v2/acme/nginx/manifests/edge')).status).toBe(404)
    expect((await pull('GET', `/v2/acme/nginx/manifests/${image.digest}`)).status).toBe(200)
  })

  test('lets one of ten parallel callers delete', async () => {
    const { server, owner, url } = await startWithTags()
    await owner('GET', url)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => owner('DELETE', `${url}/tag/edge`)),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([204, ...Array<number>(9).fill(404)])
    expect(await listAudit(server, 'acme', 'delete_tag')).toHaveLength(1)
  })
})

describe('changeTag', () => {
  test('moves a tag; its former life stays in the history', async () => {
    const { server, owner, url, image } = await startWithTags(['edge'])
    const second = await server.repository('acme/nginx', ['other'])
    const answer = await owner('PUT', `${url}/tag/edge`, {
      body: { manifest_digest: second.image.digest },
    })
    expect([answer.status, answer.json]).toEqual([201, 'Updated'])
    const { json } = await owner('GET', `${url}/tag/?specificTag=edge`)
    expect(json.tags).toMatchObject([
      { manifest_digest: second.image.digest, reversion: false },
      { manifest_digest: image.digest, end_ts: expect.any(Number) },
    ])
    expect(await listAudit(server, 'acme', 'move_tag')).toMatchObject([
      {
        metadata: {
          username: 'acme',
          repo: 'nginx',
          namespace: 'acme',
          tag: 'edge',
          manifest_digest: second.image.digest,
          original_manifest_digest: image.digest,
        },
      },
    ])
  })

  test('makes a tag that does not exist', async () => {
    const { server, owner, url, image } = await startWithTags()
    const body = { manifest_digest: image.digest }
    expect((await owner('PUT', `${url}/tag/New_1.0`, { body })).status).toBe(201)
    expect(await namesOf(owner, `${url}/tag/`)).toContain('New_1.0')
    expect(await listAudit(server, 'acme', 'create_tag')).toMatchObject([
      {
        metadata: {
          username: 'acme',
          repo: 'nginx',
          namespace: 'acme',
          tag: 'New_1.0',
          manifest_digest: image.digest,
          original_manifest_digest: null,
        },
      },
    ])
  })

  test('leaves the history alone when the tag points there already', async () => {
    const { owner, url, image } = await startWithTags()
    await owner('PUT', `${url}/tag/edge`, { body: { manifest_digest: image.digest } })
    expect(await namesOf(owner, `${url}/tag/?specificTag=edge`)).toHaveLength(1)
  })

  test('refuses what is no tag name', async () => {
    const { owner, url, image } = await startWithTags()
    const body = { manifest_digest: image.digest }
    for (const name of ['-edge', '.edge', 'a%20b', 'a%2Fb', '%C3%A4', 'x'.repeat(129)])
      expect(await outcome(owner('PUT', `${url}/tag/${name}`, { body }))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('refuses to point at a manifest that the repository does not hold', async () => {
    const { owner, url } = await startWithTags()
    for (const digest of [unknownDigest, 'edge', `sha256:${'A'.repeat(64)}`]) {
      const body = { manifest_digest: digest }
      expect(await outcome(owner('PUT', `${url}/tag/edge`, { body }))).toEqual([404, 'not_found'])
    }
  })

  test('refuses to point at a manifest of another repository', async () => {
    const { server, owner, url } = await startWithTags()
    const other = await server.repository('acme/other')
    const body = { manifest_digest: other.image.digest }
    expect(await outcome(owner('PUT', `${url}/tag/edge`, { body }))).toEqual([404, 'not_found'])
  })

  test('refuses to move an immutable tag', async () => {
    const { server, owner, url } = await startWithTags(['v1'])
    const second = await server.repository('acme/nginx', ['other'])
    await makeImmutable(server, 'v1')
    const answer = await owner('PUT', `${url}/tag/v1`, {
      body: { manifest_digest: second.image.digest },
    })
    expect(await outcome(answer)).toEqual([409, 'tag_immutable'])
    expect(answer.json.detail).toBe("Cannot overwrite immutable tag 'v1'")
  })

  test('lets a tag expire: it is gone from lists and pulls, and can be restored', async () => {
    const { server, owner, url, image } = await startWithTags()
    const expiration = nowSeconds(server) + 2 * 3600
    expect((await owner('PUT', `${url}/tag/edge`, { body: { expiration } })).status).toBe(201)
    const { json } = await owner('GET', `${url}/tag/`)
    expect(json.tags).toMatchObject([{ end_ts: expiration, expiration: expect.any(String) }])
    const shown = await owner('GET', url)
    expect(shown.json.tags.edge.expiration).toMatch(/ -0000$/)

    server.clock.advance(2 * 3600 + 1)
    expect(await namesOf(owner, `${url}/tag/?onlyActiveTags=true`)).toEqual([])
    expect((await owner('GET', url)).json.tags).toEqual({})
    expect(await outcome(owner('DELETE', `${url}/tag/edge`))).toEqual([404, 'not_found'])
    const pull = await server.registry('acme', 'repository:acme/nginx:pull')
    expect((await pull('GET', '/v2/acme/nginx/manifests/edge')).status).toBe(404)

    await owner('POST', `${url}/tag/edge/restore`, { body: { manifest_digest: image.digest } })
    expect((await pull('GET', '/v2/acme/nginx/manifests/edge')).status).toBe(200)
  })

  test('keeps the life of a tag between an hour and 104 weeks', async () => {
    const { server, owner, url } = await startWithTags()
    const lifeAfter = async (seconds: number) => {
      const expiration = nowSeconds(server) + seconds
      await owner('PUT', `${url}/tag/edge`, { body: { expiration } })
      const { json } = await owner('GET', `${url}/tag/`)
      return json.tags[0].end_ts - json.tags[0].start_ts
    }
    expect(await lifeAfter(60)).toBe(3600)
    expect(await lifeAfter(9000)).toBeCloseTo(9000, -2)
    expect(await lifeAfter(1000 * 7 * day)).toBe(104 * 7 * day)
  })

  test('clears an expiration with null', async () => {
    const { server, owner, url } = await startWithTags()
    await owner('PUT', `${url}/tag/edge`, { body: { expiration: nowSeconds(server) + 7200 } })
    await owner('PUT', `${url}/tag/edge`, { body: { expiration: null } })
    const { json } = await owner('GET', `${url}/tag/`)
    expect(json.tags[0]).not.toHaveProperty('end_ts')
  })

  test('writes changed expirations to the audit log, and none when nothing has changed', async () => {
    const { server, owner, url } = await startWithTags()
    const expiration = nowSeconds(server) + 7200
    for (const value of [null, expiration, null])
      await owner('PUT', `${url}/tag/edge`, { body: { expiration: value } })
    const of = { username: 'acme', repo: 'nginx', namespace: 'acme', tag: 'edge' }
    const entries = await listAudit(server, 'acme', 'change_tag_expiration')
    expect(entries.map(({ metadata }) => metadata)).toEqual([
      { ...of, expiration_date: expiration, old_expiration_date: null },
      { ...of, expiration_date: null, old_expiration_date: expiration * 1000 },
    ])
  })

  test('refuses an expiration that is past or no number, or of an immutable tag', async () => {
    const { server, owner, url } = await startWithTags(['edge', 'v1'])
    await makeImmutable(server, 'v1')
    const set = (name: string, expiration: unknown) =>
      outcome(owner('PUT', `${url}/tag/${name}`, { body: { expiration } }))
    expect(await set('edge', nowSeconds(server) - 1)).toEqual([400, 'invalid_request'])
    expect(await set('edge', 'tomorrow')).toEqual([400, 'invalid_request'])
    expect(await set('v1', nowSeconds(server) + 7200)).toEqual([400, 'invalid_request'])
    expect(await set('none', nowSeconds(server) + 7200)).toEqual([404, 'not_found'])
  })

  test('applies an expiration and a move together', async () => {
    const { server, owner, url } = await startWithTags()
    const second = await server.repository('acme/nginx', ['other'])
    const expiration = nowSeconds(server) + 7200
    const body = { expiration, manifest_digest: second.image.digest }
    expect((await owner('PUT', `${url}/tag/edge`, { body })).status).toBe(201)
    const { json } = await owner('GET', `${url}/tag/?specificTag=edge&onlyActiveTags=true`)
    expect(json.tags).toMatchObject([{ manifest_digest: second.image.digest, end_ts: expiration }])
  })

  test('applies all that is asked or nothing', async () => {
    const { server, owner, url } = await startWithTags()
    const body = { expiration: nowSeconds(server) + 7200, manifest_digest: unknownDigest }
    expect((await owner('PUT', `${url}/tag/edge`, { body })).status).toBe(404)
    const { json } = await owner('GET', `${url}/tag/`)
    expect(json.tags[0]).not.toHaveProperty('end_ts')
    expect(await listAudit(server, 'acme', 'change_tag_expiration')).toEqual([])
  })

  test('leaves one live tag when ten callers move it at once', async () => {
    const { server, owner, url } = await startWithTags()
    const push = await server.registry('acme', 'repository:acme/nginx:pull,push')
    const images = Array.from({ length: 10 }, () => makeImage())
    for (const image of images) await pushImage(push, 'acme/nginx', [], image)
    const answers = await Promise.all(
      images.map(({ digest }) =>
        owner('PUT', `${url}/tag/edge`, { body: { manifest_digest: digest } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(201))
    expect(await namesOf(owner, `${url}/tag/?specificTag=edge`)).toHaveLength(11)
    expect(await namesOf(owner, `${url}/tag/?onlyActiveTags=true`)).toEqual(['edge'])
  })
})

describe('restoreTag', () => {
  test('points a moved tag at its past again, in a life marked as a reversion', async () => {
    const { server, owner, url, image } = await startWithTags()
    const second = await server.repository('acme/nginx', ['edge'])
    const body = { manifest_digest: image.digest }
    const answer = await owner('POST', `${url}/tag/edge/restore`, { body })
    expect([answer.status, answer.json]).toEqual([200, {}])
    const { json } = await owner('GET', `${url}/tag/?specificTag=edge`)
    expect(json.tags).toMatchObject([
      { manifest_digest: image.digest, reversion: true },
      { manifest_digest: second.image.digest, reversion: false },
      { manifest_digest: image.digest, reversion: false },
    ])
  })

  test('brings back a deleted tag, and is written to the audit log', async () => {
    const { server, owner, url, image } = await startWithTags()
    await owner('DELETE', `${url}/tag/edge`)
    await owner('POST', `${url}/tag/edge/restore`, { body: { manifest_digest: image.digest } })
    expect(await namesOf(owner, `${url}/tag/?onlyActiveTags=true`)).toEqual(['edge'])
    expect(await listAudit(server, 'acme', 'revert_tag')).toMatchObject([
      {
        metadata: {
          username: 'acme',
          repo: 'nginx',
          tag: 'edge',
          manifest_digest: image.digest,
        },
      },
    ])
  })

  test('brings back a deleted manifest while the time machine holds it, and not later', async () => {
    const { server, owner, url, image } = await startWithTags()
    const remove = await server.registry('acme', 'repository:acme/nginx:pull,push,delete')
    const removeManifest = () => remove('DELETE', `/v2/acme/nginx/manifests/${image.digest}`)
    const restore = () =>
      outcome(owner('POST', `${url}/tag/edge/restore`, { body: { manifest_digest: image.digest } }))
    expect((await removeManifest()).status).toBe(202)
    expect(await restore()).toEqual([200])
    expect((await removeManifest()).status).toBe(202)
    server.clock.advance(14 * day + 60)
    expect(await restore()).toEqual([404, 'not_found'])
  })

  test('refuses an unknown manifest, a missing digest and an immutable tag', async () => {
    const { server, owner, url, image } = await startWithTags(['v1'])
    await server.repository('acme/nginx', ['v1'])
    await makeImmutable(server, 'v1')
    const restore = (body: object) => outcome(owner('POST', `${url}/tag/v1/restore`, { body }))
    expect(await restore({ manifest_digest: unknownDigest })).toEqual([404, 'not_found'])
    expect(await restore({})).toEqual([400, 'invalid_request'])
    expect(await restore({ manifest_digest: image.digest })).toEqual([409, 'tag_immutable'])
  })
})

describe('removeTagFromTimemachine', () => {
  test('forgets ended lives with a manifest, and those alone', async () => {
    const { server, owner, url, image } = await startWithTags()
    const second = await server.repository('acme/nginx', ['edge'])
    const third = await server.repository('acme/nginx', ['edge'])
    const body = { manifest_digest: image.digest }
    const answer = await owner('POST', `${url}/tag/edge/expire`, { body })
    expect([answer.status, answer.json]).toEqual([200, ''])
    const { json } = await owner('GET', `${url}/tag/?specificTag=edge`)
    expect(json.tags).toMatchObject([
      { manifest_digest: third.image.digest },
      { manifest_digest: second.image.digest },
    ])
    expect(await listAudit(server, 'acme', 'permanently_delete_tag')).toMatchObject([
      {
        metadata: {
          username: 'acme',
          repo: 'nginx',
          namespace: 'acme',
          tag: 'edge',
          manifest_digest: image.digest,
        },
      },
    ])
  })

  test('ends a live tag for good with is_alive', async () => {
    const { owner, url } = await startWithTags()
    const body = { is_alive: true }
    expect((await owner('POST', `${url}/tag/edge/expire`, { body })).status).toBe(200)
    expect(await namesOf(owner, `${url}/tag/`)).toEqual([])
  })

  test('refuses when there is nothing to forget', async () => {
    const { server, owner, url, image } = await startWithTags(['edge', 'v1'])
    await makeImmutable(server, 'v1')
    const expire = (name: string, body: object) =>
      outcome(owner('POST', `${url}/tag/${name}/expire`, { body }))
    const live = { manifest_digest: image.digest }
    expect(await expire('edge', live)).toEqual([404, 'not_found'])
    expect(await expire('none', { is_alive: true })).toEqual([404, 'not_found'])
    expect(await expire('v1', { is_alive: true })).toEqual([404, 'not_found'])
    expect(await expire('edge', {})).toEqual([400, 'invalid_request'])
  })

  test('is not there when the registry keeps its history', async () => {
    const { owner, url } = await startWithTags(['edge'], { PERMANENTLY_DELETE_TAGS: 'false' })
    const answer = await owner('POST', `${url}/tag/edge/expire`, { body: { is_alive: true } })
    expect(await outcome(answer)).toEqual([404, 'not_found'])
    expect(answer.json.detail).toContain('PERMANENTLY_DELETE_TAGS')
  })
})

/** Each change of a tag, with a body that is good. */
const changes = (url: string, digest: string): [string, string, object?][] => [
  ['PUT', `${url}/tag/edge`, { manifest_digest: digest }],
  ['DELETE', `${url}/tag/edge`],
  ['POST', `${url}/tag/edge/restore`, { manifest_digest: digest }],
  ['POST', `${url}/tag/edge/expire`, { is_alive: true }],
]

describe('the rights on tags', () => {
  test('strangers change nothing, and see tags of public repositories only', async () => {
    const { server, owner, url, image } = await startWithTags()
    await server.user('stranger')
    const stranger = server.as('stranger')
    const all = [['GET', `${url}/tag/`] as const, ...changes(url, image.digest)]
    for (const [method, path, body] of all) {
      const options = body && { body }
      expect(await outcome(server.call(method, path, options))).toEqual([401, 'invalid_token'])
      expect(await outcome(stranger(method, path, options))).toEqual([403, 'insufficient_scope'])
    }
    await owner('POST', `${url}/changevisibility`, { body: { visibility: 'public' } })
    expect((await server.call('GET', `${url}/tag/`)).status).toBe(200)
    expect((await stranger('PUT', `${url}/tag/edge`, { body: {} })).status).toBe(403)
  })

  test('a repository that is not there is not found by the owner of its namespace', async () => {
    const { owner, image } = await startWithTags()
    const url = '/api/v1/repository/acme/none'
    for (const [method, path, body] of [
      ['GET', `${url}/tag/`] as const,
      ...changes(url, image.digest),
    ])
      expect(await outcome(owner(method, path, body && { body }))).toEqual([404, 'not_found'])
  })

  test('tags of a repository that is not NORMAL can be read and not be changed', async () => {
    const { server, owner, url, image } = await startWithTags(['edge'], {
      FEATURE_REPO_MIRROR: 'true',
    })
    for (const state of ['READ_ONLY', 'MIRROR']) {
      await owner('PUT', `${url}/changestate`, { body: { state } })
      for (const [method, path, body] of changes(url, image.digest).slice(0, 3))
        expect(await outcome(owner(method, path, body && { body }))).toEqual([
          503,
          'repository_not_normal',
        ])
    }
    expect(await namesOf(server.as('acme'), `${url}/tag/`)).toEqual(['edge'])
    await owner('PUT', `${url}/changestate`, { body: { state: 'NORMAL' } })
    expect((await owner('DELETE', `${url}/tag/edge`)).status).toBe(204)
  })

  test('restricted users change no tags of their own namespace, but those of their teams', async () => {
    const server = await startServer({
      FEATURE_RESTRICTED_USERS: 'true',
      RESTRICTED_USERS_WHITELIST: 'boss',
    })
    await server.user('boss')
    await server.user('bob')
    await makeOrganization(server, 'bureau', { admin: 'bob' })
    const inTeam = await pushedBy(server, 'bob', 'bureau/app')
    const { db } = server.deps
    const bob = await db
      .selectFrom('namespace')
      .select('id')
      .where('name', '=', 'bob')
      .executeTakeFirstOrThrow()
    await db.updateTable('repository').set({ namespace_id: bob.id }).execute()
    const own = '/api/v1/repository/bob/app'
    for (const [method, path, body] of changes(own, inTeam).slice(0, 3)) {
      const answer = await server.as('bob')(method, path, body && { body })
      expect(await outcome(answer)).toEqual([403, 'insufficient_scope'])
      expect(answer.json.detail).toContain('restricted users')
    }
    const second = await pushedBy(server, 'bob', 'bureau/app')
    for (const [method, path, body] of changes('/api/v1/repository/bureau/app', second).slice(0, 3))
      expect((await server.as('bob')(method, path, body && { body })).status).toBeLessThan(300)
  })
})

async function pushedBy(server: TestServer, username: string, fullName: string): Promise<string> {
  const push = await server.registry(username, `repository:${fullName}:pull,push`)
  return (await pushImage(push, fullName, ['edge'])).digest
}

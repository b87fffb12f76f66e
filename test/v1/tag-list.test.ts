import { describe, expect, test } from 'vitest'

import { imageIndexType } from '#domain/manifest.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, makeIndex, pushManifest } from '#test/support/image.ts'
import { addTags, day, namesOf, nowSeconds, startWithTags } from './tag-fixture.ts'

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

import { expect, test } from 'vitest'

import type { Call } from '#test/support/client.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, pushBlob, pushImage } from '#test/support/image.ts'
import { imageManifestType } from '#domain/manifest.ts'
import { newOwner, shareServer } from '#test/support/shared.ts'

const shared = shareServer()

async function withTags(tags: readonly string[]) {
  const owner = await newOwner(shared())
  const image = makeImage(owner.name)
  await pushBlob(owner.push, owner.fullName, image.config)
  await pushBlob(owner.push, owner.fullName, image.layer)
  const query = tags.map((tag) => `tag=${tag}`).join('&')
  await owner.push('PUT', `${owner.path}/manifests/${image.digest}?${query}`, {
    headers: { 'content-type': imageManifestType },
    body: image.manifest,
  })
  return owner
}

/** Follows `Link` from page to page. */
async function pages(call: Call, path: string, field: string) {
  const found: string[][] = []
  for (let next: string | undefined = path; next !== undefined;) {
    const { json, headers } = await call('GET', next)
    found.push(json[field])
    next = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
  }
  return found
}

test('tags are listed in byte order', async () => {
  const { push, path, fullName } = await withTags([
    'b',
    'a',
    'B',
    '_x',
    '1.10',
    '1.9',
    'a-b',
    'a.b',
  ])
  const { json, headers } = await push('GET', `${path}/tags/list`)
  expect(json).toEqual({
    name: fullName,
    tags: ['1.10', '1.9', 'B', '_x', 'a', 'a-b', 'a.b', 'b'],
  })
  expect(headers.has('link')).toBe(false)
})

test('n cuts the list into pages that Link leads through', async () => {
  const { push, path } = await withTags(['a', 'b', 'c', 'd', 'e'])
  expect(await pages(push, `${path}/tags/list?n=2`, 'tags')).toEqual([
    ['a', 'b'],
    ['c', 'd'],
    ['e'],
  ])
  expect(await pages(push, `${path}/tags/list?n=5`, 'tags')).toEqual([['a', 'b', 'c', 'd', 'e']])
  expect(await pages(push, `${path}/tags/list?n=4&last=a`, 'tags')).toEqual([['b', 'c', 'd', 'e']])
})

test('last gives what comes after it, whether it is there or not', async () => {
  const { push, path } = await withTags(['a', 'c', 'e'])
  const after = async (last: string) =>
    (await push('GET', `${path}/tags/list?last=${encodeURIComponent(last)}`)).json.tags
  expect(await after('a')).toEqual(['c', 'e'])
  expect(await after('b')).toEqual(['c', 'e'])
  expect(await after('e')).toEqual([])
  expect(await after('')).toEqual(['a', 'c', 'e'])
  expect(await after('/ "%&')).toEqual(['a', 'c', 'e'])
})

test('n=0 gives an empty list without Link, and a large n a page', async () => {
  const { push, path } = await withTags(['a', 'b'])
  const { json, headers } = await push('GET', `${path}/tags/list?n=0`)
  expect([json.tags, headers.get('link')]).toEqual([[], null])
  for (const n of ['10000', '10001', '99999999999999999999'])
    expect((await push('GET', `${path}/tags/list?n=${n}`)).json.tags).toEqual(['a', 'b'])
})

test('an n that is no number of tags is refused', async () => {
  const { push, path } = await withTags(['a'])
  for (const query of ['n=-1', 'n=ten', 'n=1.5', 'n=', 'n=1&n=2', 'n=1e3x'])
    expect([query, ...(await outcome(push('GET', `${path}/tags/list?${query}`)))]).toEqual([
      query,
      400,
      'INVALID_REQUEST',
    ])
  expect(await outcome(push('GET', `${path}/tags/list?last=a&last=b`))).toEqual([
    400,
    'INVALID_REQUEST',
  ])
  expect(await outcome(push('GET', `${path}/tags/list?page=2`))).toEqual([400, 'INVALID_REQUEST'])
})

test('a repository of 10,050 tags comes in two pages without n', async () => {
  const server = shared()
  const owner = await newOwner(server)
  await pushImage(owner.push, owner.fullName, ['first'])
  const { repository_id, manifest_id, started_at } = await server.deps.db
    .selectFrom('tag as t')
    .innerJoin('repository as r', 'r.id', 't.repository_id')
    .innerJoin('namespace as n', 'n.id', 'r.namespace_id')
    .select(['t.repository_id', 't.manifest_id', 't.started_at'])
    .where('n.name', '=', owner.name)
    .executeTakeFirstOrThrow()
  const rows = Array.from({ length: 10_049 }, (_, index) => ({
    repository_id,
    manifest_id,
    started_at,
    name: `t${String(index).padStart(5, '0')}`,
  }))
  await server.deps.db.insertInto('tag').values(rows).execute()
  const found = await pages(owner.push, `${owner.path}/tags/list`, 'tags')
  expect(found.map((page) => page.length)).toEqual([10_000, 50])
  expect(new Set(found.flat()).size).toBe(10_050)
})

test('a tag that was just pushed or deleted is in the list or out of it at once', async () => {
  const { push, path, fullName } = await newOwner(shared())
  for (const tag of ['a', 'b', 'c']) {
    await pushImage(push, fullName, [tag])
    expect((await push('GET', `${path}/tags/list`)).json.tags).toContain(tag)
    await push('DELETE', `${path}/manifests/${tag}`)
    expect((await push('GET', `${path}/tags/list`)).json.tags).not.toContain(tag)
  }
})

test('an expired tag is neither listed nor pulled', async () => {
  const server = shared()
  const { push, path, fullName, name } = await newOwner(server)
  await pushImage(push, fullName, ['old', 'young'])
  await server.deps.db
    .updateTable('tag')
    .set({ expires_at: new Date(Date.now() - 1000) })
    .where('name', '=', 'old')
    .where('repository_id', 'in', (eb) =>
      eb
        .selectFrom('repository as r')
        .innerJoin('namespace as n', 'n.id', 'r.namespace_id')
        .select('r.id')
        .where('n.name', '=', name),
    )
    .execute()
  expect((await push('GET', `${path}/tags/list`)).json.tags).toEqual(['young'])
  expect(await outcome(push('GET', `${path}/manifests/old`))).toEqual([404, 'MANIFEST_UNKNOWN'])
  expect(await outcome(push('DELETE', `${path}/manifests/old`))).toEqual([404, 'MANIFEST_UNKNOWN'])
})

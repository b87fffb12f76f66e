import { describe, expect, test } from 'vitest'

import { listAudit } from '#test/support/account.ts'
import { digestOf } from '#domain/digest.ts'
import { outcome } from '#test/support/client.ts'
import { day, makeImmutable, namesOf, startWithTags, unknownDigest } from './tag-fixture.ts'

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

  test('brings back no manifest whose blobs have been deleted', async () => {
    const { server, owner, url, image } = await startWithTags(['edge'])
    const registry = await server.registry('acme', 'repository:acme/nginx:pull,push,delete')
    await registry('DELETE', `/v2/acme/nginx/manifests/${image.digest}`)
    await registry('DELETE', `/v2/acme/nginx/blobs/${digestOf(image.layer)}`)
    const answer = owner('POST', `${url}/tag/edge/restore`, {
      body: { manifest_digest: image.digest },
    })
    expect(await outcome(answer)).toEqual([404, 'not_found'])
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

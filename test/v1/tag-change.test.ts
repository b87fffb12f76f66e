import { describe, expect, test } from 'vitest'

import { listAudit } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, pushImage } from '#test/support/image.ts'
import {
  day,
  makeImmutable,
  namesOf,
  nowSeconds,
  startWithTags,
  unknownDigest,
} from './tag-fixture.ts'

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

  test('keeps an expiration at least an hour after the begin of the tag and at most 104 weeks from now', async () => {
    const { server, owner, url } = await startWithTags()
    const lifeAfter = async (seconds: number) => {
      const expiration = nowSeconds(server) + seconds
      await owner('PUT', `${url}/tag/edge`, { body: { expiration } })
      const { json } = await owner('GET', `${url}/tag/`)
      return json.tags[0].end_ts - json.tags[0].start_ts
    }
    expect(await lifeAfter(60)).toBe(3600)
    expect(await lifeAfter(9000)).toBeCloseTo(9000, -2)
    expect(await lifeAfter(1000 * 7 * day)).toBeCloseTo(104 * 7 * day, -2)
    await server.deps.db
      .updateTable('tag')
      .set({ started_at: new Date(Date.now() - 105 * 7 * day * 1000) })
      .execute()
    expect(await lifeAfter(1000 * 7 * day)).toBeCloseTo(209 * 7 * day, -2)
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

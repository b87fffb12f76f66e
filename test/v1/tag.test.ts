import { expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'

test('deleteFullTag removes a tag once, and an immutable one never', async () => {
  const server = await startServer()
  await server.user('acme')
  const { url } = await server.repository('acme/nginx', ['edge', 'v1'])
  await server.deps.db
    .updateTable('tag')
    .set({ is_immutable: true })
    .where('name', '=', 'v1')
    .execute()
  const writer = server.as('acme')
  expect(await outcome(writer('DELETE', `${url}/tag/edge`))).toEqual([204])
  expect(await outcome(writer('DELETE', `${url}/tag/edge`))).toEqual([404, 'not_found'])
  expect(await outcome(writer('DELETE', `${url}/tag/v1`))).toEqual([409, 'tag_immutable'])
  const logs = await server.logs('acme/nginx')
  expect(logs.filter(({ kind }) => kind === 'delete_tag')).toMatchObject([
    { metadata: { tag: 'edge', repo: 'nginx', namespace: 'acme', username: 'acme' } },
  ])
})

test('a moved tag keeps its past, and restoreTag brings it back', async () => {
  const server = await startServer()
  await server.user('acme')
  const { url, image } = await server.repository('acme/nginx', ['edge'])
  const second = await server.repository('acme/nginx', ['edge', 'other'])
  const writer = server.as('acme')
  const history = await writer('GET', `${url}/tag/?specificTag=edge`)
  expect(history.json.tags).toMatchObject([
    { manifest_digest: second.image.digest },
    { manifest_digest: image.digest, end_ts: expect.any(Number) },
  ])
  expect(
    await outcome(
      writer('POST', `${url}/tag/edge/restore`, { body: { manifest_digest: image.digest } }),
    ),
  ).toEqual([200])
  const live = await writer('GET', `${url}/tag/?onlyActiveTags=true&filter_tag_name=eq:edge`)
  expect(live.json.tags).toMatchObject([{ manifest_digest: image.digest, reversion: true }])
})

import { expect, test } from 'vitest'

import { startServer } from '#test/support/server.ts'

test('metrics count requests by operation and status, and the bytes of blobs', async () => {
  const server = await startServer()
  await server.user('acme')
  const { image } = await server.repository('acme/nginx')
  const pull = await server.registry('acme', 'repository:acme/nginx:pull')
  await pull('GET', `/v2/acme/nginx/manifests/latest`)
  const { text } = await server.call('GET', '/metrics')
  expect(text).toContain('portolan_requests_total{operation="getManifest",status="200"} 1')
  const bytesIn = Number(/portolan_blob_bytes_total\{direction="in"\} (\d+)/.exec(text)?.[1])
  expect(bytesIn).toBe(image.config.length + image.layer.length)
  expect(text).toMatch(/portolan_database_connections\{state="idle"\} \d/)
})

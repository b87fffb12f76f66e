import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { imageIndexType, imageManifestType } from '#domain/manifest.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, makeIndex, pushBlob } from '#test/support/image.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import { newOwner, shareServer, type Owner } from '#test/support/shared.ts'

const shared = shareServer()
const limitBytes = 4 * 1_048_576

const put = (
  { push, path }: Owner,
  body: Uint8Array | string,
  { reference = 'v1', type = imageManifestType } = {},
) => push('PUT', `${path}/manifests/${reference}`, { headers: { 'content-type': type }, body })

async function withBlobs(server = shared()) {
  const owner = await newOwner(server)
  const image = makeImage(owner.name)
  await pushBlob(owner.push, owner.fullName, image.config)
  await pushBlob(owner.push, owner.fullName, image.layer)
  return { owner, image, document: JSON.parse(image.manifest.toString('utf8')) }
}

test('what is no manifest is refused with the reason', async () => {
  const { owner, document } = await withBlobs()
  const { config, layers } = document
  const bad: [unknown, string][] = [
    ['', 'not JSON'],
    ['{', 'not JSON'],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'not JSON'],
    ['[]', 'JSON object'],
    ['null', 'JSON object'],
    ['{}', 'schemaVersion'],
    [{ ...document, schemaVersion: 3 }, 'schemaVersion'],
    [{ ...document, schemaVersion: '2' }, 'schemaVersion'],
    [{ ...document, mediaType: 2 }, 'mediaType'],
    [{ ...document, mediaType: imageIndexType }, 'mediaType in the document'],
    [{ ...document, config: undefined }, 'config'],
    [{ ...document, config: { ...config, digest: 'sha256:abc' } }, 'config.digest'],
    [{ ...document, config: { ...config, mediaType: undefined } }, 'config.mediaType'],
    [{ ...document, layers: undefined }, 'layers'],
    [{ ...document, layers: [null] }, 'layers[0]'],
    [{ ...document, layers: [{ ...layers[0], size: -1 }] }, 'layers[0].size'],
    [{ ...document, layers: [{ ...layers[0], size: 1.5 }] }, 'layers[0].size'],
    [{ ...document, layers: [{ ...layers[0], size: '7' }] }, 'layers[0].size'],
    [{ ...document, layers: [{ ...layers[0], size: layers[0].size + 1 }] }, 'bytes'],
    [{ ...document, annotations: { a: 1 } }, 'annotations'],
    [{ ...document, annotations: [] }, 'annotations'],
    [{ ...document, artifactType: 1 }, 'artifactType'],
    [{ ...document, subject: 'x' }, 'subject'],
    [{ ...document, subject: { digest: 'md5:x', size: 1 } }, 'subject.digest'],
    [{ ...document, manifests: [] }, 'manifests'],
  ]
  for (const [body, reason] of bad) {
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
    const answer = await put(owner, isRaw ? body : JSON.stringify(body))
    expect([reason, ...(await outcome(answer))]).toEqual([reason, 400, 'MANIFEST_INVALID'])
    expect(answer.json.errors[0].message).toContain(reason)
  }
  expect((await owner.push('GET', `${owner.path}/tags/list`)).json.tags).toEqual([])
})

test('an index is no image, and an image no index', async () => {
  const { owner, image, document } = await withBlobs()
  const index = makeIndex([])
  for (const body of [index, JSON.stringify({ ...document, mediaType: undefined })])
    expect(await outcome(put(owner, body, { type: imageIndexType }))).toMatchObject(
      body === index ? [201] : [400, 'MANIFEST_INVALID'],
    )
  expect(await outcome(put(owner, image.manifest, { type: imageIndexType }))).toEqual([
    400,
    'MANIFEST_INVALID',
  ])
  const both = JSON.stringify({ ...document, mediaType: undefined, manifests: [] })
  for (const type of [imageIndexType, imageManifestType])
    expect(await outcome(put(owner, both, { type }))).toEqual([400, 'MANIFEST_INVALID'])
})

test('types that are no manifests’ are refused, schema 1 with a hint at what to do', async () => {
  const { owner, image } = await withBlobs()
  for (const type of ['application/json', 'text/html', 'application/vnd.oci.image.config.v1+json'])
    expect(await outcome(put(owner, image.manifest, { type }))).toEqual([415, 'MANIFEST_INVALID'])
  const schema1 = JSON.stringify({ schemaVersion: 1, name: 'a/b', tag: 'v1', fsLayers: [] })
  for (const suffix of ['json', 'prettyjws']) {
    const type = `application/vnd.docker.distribution.manifest.v1+${suffix}`
    const answer = await put(owner, schema1, { type })
    expect(await outcome(answer)).toEqual([415, 'MANIFEST_INVALID'])
    expect(answer.json.errors[0].message).toContain('push with a client newer than')
  }
})

test('digests must be well-formed, and the bytes must have them', async () => {
  const { owner, image } = await withBlobs()
  const malformed = [
    'sha256:baddigeststring',
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(63)}`,
    `sha384:${'a'.repeat(96)}`,
    `md5:${'a'.repeat(32)}`,
    ':',
  ]
  for (const reference of malformed)
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const answer = await (method === 'PUT'
        ? put(owner, image.manifest, { reference })
        : owner.push(method, `${owner.path}/manifests/${reference}`))
      expect([reference, ...(await outcome(answer))]).toEqual([reference, 400, 'DIGEST_INVALID'])
    }
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const reference = digestOf(Buffer.from('something else'), algorithm)
    expect(await outcome(put(owner, image.manifest, { reference }))).toEqual([
      400,
      'DIGEST_INVALID',
    ])
  }
  const padded = Buffer.concat([image.manifest, Buffer.from('  ')])
  expect(await outcome(put(owner, padded, { reference: image.digest }))).toEqual([
    400,
    'DIGEST_INVALID',
  ])
})

test('tags follow their grammar', async () => {
  const { owner, image } = await withBlobs()
  for (const tag of ['.dot', '-dash', 'a b', 'ünï', 'x'.repeat(129), 'a%2Fb'])
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const answer = await (method === 'PUT'
        ? put(owner, image.manifest, { reference: tag })
        : owner.push(method, `${owner.path}/manifests/${tag}`))
      expect([tag, ...(await outcome(answer))]).toEqual([tag, 400, 'TAG_INVALID'])
    }
  for (const tag of ['x'.repeat(128), '_', 'A.B-c_9'])
    expect(await outcome(put(owner, image.manifest, { reference: tag }))).toEqual([201])
})

test('a manifest of four MiB is taken, and one of a byte more refused', async () => {
  const { owner, document } = await withBlobs()
  const padded = (sizeBytes: number) => {
    const room = sizeBytes - JSON.stringify({ ...document, padding: '' }).length
    return Buffer.from(JSON.stringify({ ...document, padding: 'x'.repeat(room) }))
  }
  expect(await outcome(put(owner, padded(limitBytes)))).toEqual([201])
  expect(await outcome(put(owner, padded(limitBytes + 1)))).toEqual([413, 'SIZE_INVALID'])
  const stream = new Blob([new Uint8Array(6_000_000)]).stream()
  const streamed = owner.push('PUT', `${owner.path}/manifests/v2`, {
    headers: { 'content-type': imageManifestType },
    body: stream,
  })
  expect(await outcome(streamed)).toEqual([413, 'SIZE_INVALID'])
  const { headers } = await owner.push('HEAD', `${owner.path}/manifests/v1`)
  expect(headers.get('content-length')).toBe(String(limitBytes))
})

test('an image without its blobs is refused, unless sparse images are on', async () => {
  const sparse = await startServer({ FEATURE_SPARSE_IMAGE: 'true' })
  const digest = digestOf(Buffer.from('missing'))
  const push = async (server: TestServer) => {
    const { owner, document } = await withBlobs(server)
    const layers = [{ ...document.layers[0], digest }]
    return put(owner, JSON.stringify({ ...document, layers }))
  }
  const refused = await push(shared())
  expect(await outcome(refused)).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
  expect(refused.json.errors[0].detail).toEqual({ missing: [digest] })
  expect(await outcome(push(sparse))).toEqual([201])
})

test('an index without its manifests is refused, unless sparse indexes are on', async () => {
  const sparse = await startServer({ FEATURE_SPARSE_INDEX: 'true' })
  for (const [server, expected] of [
    [shared(), [400, 'MANIFEST_BLOB_UNKNOWN']],
    [sparse, [201]],
  ] as const) {
    const owner = await newOwner(server)
    const index = makeIndex([makeImage('never pushed')])
    expect(await outcome(put(owner, index, { type: imageIndexType }))).toEqual(expected)
  }
})

test('blobs of another repository do not count', async () => {
  const { image } = await withBlobs()
  const owner = await newOwner(shared())
  expect(await outcome(put(owner, image.manifest))).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
})

test('layers that lie at their vendor’s are not asked for', async () => {
  const { owner, document } = await withBlobs()
  for (const type of [
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ]) {
    const foreign = {
      mediaType: type,
      digest: digestOf(Buffer.from(type)),
      size: 5,
      urls: ['https://example.com/layer'],
    }
    const body = JSON.stringify({ ...document, layers: [foreign, ...document.layers] })
    expect(await outcome(put(owner, body))).toEqual([201])
  }
})

test('sizes that add up beyond all measure are refused', async () => {
  const { owner, document } = await withBlobs()
  const foreign = {
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
    digest: digestOf(Buffer.from('far away')),
    size: Number.MAX_SAFE_INTEGER,
  }
  const body = JSON.stringify({ ...document, layers: [foreign, foreign] })
  expect(await outcome(put(owner, body))).toEqual([400, 'MANIFEST_INVALID'])
})

test('what is missing is an unknown manifest', async () => {
  const { owner } = await withBlobs()
  for (const reference of ['none', digestOf(Buffer.from('none'))])
    for (const method of ['GET', 'DELETE'])
      expect(await outcome(owner.push(method, `${owner.path}/manifests/${reference}`))).toEqual([
        404,
        'MANIFEST_UNKNOWN',
      ])
})

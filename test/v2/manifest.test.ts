import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import {
  dockerListType,
  dockerManifestType,
  imageIndexType,
  imageManifestType,
} from '#domain/manifest.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, makeIndex, pushBlob, pushImage, pushManifest } from '#test/support/image.ts'
import { startServer } from '#test/support/server.ts'
import { newOwner, shareServer, type Owner } from '#test/support/shared.ts'

const shared = shareServer()

const put = ({ push, path }: Owner, reference: string, body: Uint8Array, type?: string) =>
  push('PUT', `${path}/manifests/${reference}`, {
    headers: type === undefined ? {} : { 'content-type': type },
    body,
  })

/** A repository with the blobs of an image. */
async function withBlobs(extra: object = {}) {
  const owner = await newOwner(shared())
  const image = makeImage(owner.name, extra)
  await pushBlob(owner.push, owner.fullName, image.config)
  await pushBlob(owner.push, owner.fullName, image.layer)
  return { owner, image }
}

test('a manifest comes back byte for byte, by tag and by digest, under its type', async () => {
  const { owner, image } = await withBlobs({
    annotations: { note: 'spaces  and ünïcode' },
    'org.example.unknown': { nested: [1, 2.5, null, true], text: '' },
  })
  const bytes = Buffer.from(`\n ${image.manifest.toString('utf8')}\n\t`)
  const digest = digestOf(bytes)
  const pushed = await put(owner, 'v1', bytes, imageManifestType)
  expect(pushed.status).toBe(201)
  expect(pushed.headers.get('docker-content-digest')).toBe(digest)
  expect(pushed.headers.get('location')).toBe(`${owner.path}/manifests/${digest}`)
  for (const reference of ['v1', digest]) {
    const {
      status,
      headers,
      bytes: got,
    } = await owner.push('GET', `${owner.path}/manifests/${reference}`)
    expect([status, Buffer.from(got)]).toEqual([200, bytes])
    expect(headers.get('content-type')).toBe(imageManifestType)
    expect(headers.get('content-length')).toBe(String(bytes.length))
    expect(headers.get('docker-content-digest')).toBe(digest)
    expect(headers.get('etag')).toBe(`"${digest}"`)
  }
})

test('HEAD says what GET says, without the body', async () => {
  const { owner, image } = await withBlobs()
  await pushManifest(owner.push, owner.fullName, 'v1', image.manifest)
  for (const reference of ['v1', image.digest]) {
    const [head, get] = await Promise.all(
      ['HEAD', 'GET'].map((method) => owner.push(method, `${owner.path}/manifests/${reference}`)),
    )
    expect(head!.bytes).toHaveLength(0)
    const [a, b] = [head!, get!].map(({ headers }) => {
      // About the connection the client has its own ideas.
      const left = ['date', 'connection', 'keep-alive']
      return Object.fromEntries([...headers].filter(([name]) => !left.includes(name)))
    })
    expect([head!.status, a]).toEqual([200, b])
  }
  for (const missing of ['none', digestOf(Buffer.from('none'))])
    expect(await outcome(owner.push('HEAD', `${owner.path}/manifests/${missing}`))).toEqual([404])
  expect(await outcome(owner.push('HEAD', `${owner.path}/manifests/sha256:bad`))).toEqual([400])
})

test('If-None-Match with the digest answers 304, in every way that clients write it', async () => {
  const { owner, image } = await withBlobs()
  await pushManifest(owner.push, owner.fullName, 'v1', image.manifest)
  const ask = (method: string, header: string) =>
    owner.push(method, `${owner.path}/manifests/v1`, { headers: { 'if-none-match': header } })
  const { digest } = image
  for (const header of [`"${digest}"`, digest, `W/"${digest}"`, `"other", "${digest}"`, '*'])
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, bytes } = await ask(method, header)
      expect([header, status, bytes.length]).toEqual([header, 304, 0])
      expect(headers.get('etag')).toBe(`"${digest}"`)
    }
  expect(await outcome(ask('GET', '"sha256:other"'))).toEqual([200])
})

test('Docker manifests and lists are kept like those of the OCI', async () => {
  const owner = await newOwner(shared())
  const image = makeImage(owner.name, { mediaType: dockerManifestType })
  await pushBlob(owner.push, owner.fullName, image.config)
  await pushBlob(owner.push, owner.fullName, image.layer)
  await pushManifest(owner.push, owner.fullName, 'v1', image.manifest, dockerManifestType)
  const list = Buffer.from(
    makeIndex([image])
      .toString('utf8')
      .replace(imageIndexType, dockerListType)
      .replace(imageManifestType, dockerManifestType),
  )
  await pushManifest(owner.push, owner.fullName, 'all', list, dockerListType)
  const cases: [string, Buffer, string][] = [
    ['v1', image.manifest, dockerManifestType],
    ['all', list, dockerListType],
  ]
  for (const [tag, bytes, type] of cases) {
    const answer = await owner.push('GET', `${owner.path}/manifests/${tag}`)
    expect([Buffer.from(answer.bytes), answer.headers.get('content-type')]).toEqual([bytes, type])
  }
})

test('the parameters of a content type do not count, and without one the document’s own does', async () => {
  const { owner, image } = await withBlobs()
  const types = [
    `${imageManifestType}; charset=utf-8`,
    `${imageManifestType.toUpperCase()};v=1`,
    undefined,
  ]
  for (const type of types) {
    expect(await outcome(put(owner, 'v1', image.manifest, type))).toEqual([201])
    const { headers } = await owner.push('GET', `${owner.path}/manifests/v1`)
    expect(headers.get('content-type')).toBe(imageManifestType)
  }
  const { mediaType: _mediaType, ...untyped } = JSON.parse(image.manifest.toString('utf8'))
  const bytes = Buffer.from(JSON.stringify(untyped))
  expect(await outcome(put(owner, 'v2', bytes))).toEqual([415, 'MANIFEST_INVALID'])
  expect(await outcome(put(owner, 'v2', bytes, imageManifestType))).toEqual([201])
})

test('an index may be empty, hold images and indexes, and name sha512 digests', async () => {
  const { owner, image } = await withBlobs()
  const digest = digestOf(image.manifest, 'sha512')
  expect(await outcome(put(owner, digest, image.manifest, imageManifestType))).toEqual([201])
  const empty = makeIndex([])
  const emptyDigest = await pushManifest(owner.push, owner.fullName, 'empty', empty, imageIndexType)
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: imageIndexType,
      manifests: [
        { mediaType: imageManifestType, digest, size: image.manifest.length },
        { mediaType: imageIndexType, digest: emptyDigest, size: empty.length },
      ],
    }),
  )
  await pushManifest(owner.push, owner.fullName, 'all', index, imageIndexType)
  const { bytes } = await owner.push('GET', `${owner.path}/manifests/all`)
  expect(Buffer.from(bytes)).toEqual(index)
})

test('a push by sha512 is read, tagged and named by sha512', async () => {
  const { owner, image } = await withBlobs()
  const digest = digestOf(image.manifest, 'sha512')
  const pushed = await put(owner, `${digest}?tag=v1`, image.manifest, imageManifestType)
  expect(pushed.headers.get('docker-content-digest')).toBe(digest)
  expect(pushed.headers.get('location')).toBe(`${owner.path}/manifests/${digest}`)
  for (const reference of ['v1', digest]) {
    const { headers } = await owner.push('GET', `${owner.path}/manifests/${reference}`)
    expect(headers.get('docker-content-digest')).toBe(digest)
  }
  expect(await outcome(owner.push('GET', `${owner.path}/manifests/${image.digest}`))).toEqual([
    404,
    'MANIFEST_UNKNOWN',
  ])
})

test('a push by digest sets the tags that it names, and says so', async () => {
  const { owner, image } = await withBlobs()
  const path = `${image.digest}?tag=b&tag=a&tag=b`
  const pushed = await put(owner, path, image.manifest, imageManifestType)
  expect(pushed.headers.get('oci-tag')).toBe('b, a')
  const { json } = await owner.push('GET', `${owner.path}/tags/list`)
  expect(json.tags).toEqual(['a', 'b'])

  const many = Array.from({ length: 101 }, (_, index) => `tag=t${index}`)
  const push = (query: string) => put(owner, query, image.manifest, imageManifestType)
  expect(await outcome(push(`${image.digest}?${many.join('&')}`))).toEqual([414, 'INVALID_REQUEST'])
  expect(await outcome(push(`${image.digest}?${many.slice(1).join('&')}`))).toEqual([201])
  expect(await outcome(push(`${image.digest}?tag=good&tag=.bad`))).toEqual([400, 'TAG_INVALID'])
  expect(await outcome(push('v1?tag=v2'))).toEqual([400, 'INVALID_REQUEST'])
  const { json: after } = await owner.push('GET', `${owner.path}/tags/list`)
  expect(after.tags).toHaveLength(102)
})

test('a tag moves, and the manifest that it leaves stays', async () => {
  const { owner, image } = await withBlobs()
  const second = makeImage(`${owner.name} again`)
  await pushImage(owner.push, owner.fullName, ['v1'], image)
  await pushImage(owner.push, owner.fullName, ['v1'], second)
  const { headers } = await owner.push('GET', `${owner.path}/manifests/v1`)
  expect(headers.get('docker-content-digest')).toBe(second.digest)
  expect(await outcome(owner.push('GET', `${owner.path}/manifests/${image.digest}`))).toEqual([200])
})

test('an immutable tag neither moves nor goes', async () => {
  const server = await startServer()
  const owner = await newOwner(server)
  const image = await pushImage(owner.push, owner.fullName, ['v1', 'v2'])
  await server.deps.db
    .updateTable('tag')
    .set({ is_immutable: true })
    .where('name', '=', 'v1')
    .execute()
  const other = makeImage('other')
  await pushBlob(owner.push, owner.fullName, other.config)
  await pushBlob(owner.push, owner.fullName, other.layer)
  const manifests = `${owner.path}/manifests`
  expect(await outcome(put(owner, 'v1', other.manifest, imageManifestType))).toEqual([
    409,
    'TAG_IMMUTABLE',
  ])
  const byDigest = `${other.digest}?tag=v3&tag=v1`
  expect(await outcome(put(owner, byDigest, other.manifest, imageManifestType))).toEqual([
    409,
    'TAG_IMMUTABLE',
  ])
  expect(await outcome(owner.push('GET', `${manifests}/v3`))).toEqual([404, 'MANIFEST_UNKNOWN'])
  expect(await outcome(owner.push('DELETE', `${manifests}/v1`))).toEqual([409, 'TAG_IMMUTABLE'])
  expect(await outcome(owner.push('DELETE', `${manifests}/${image.digest}`))).toEqual([
    409,
    'TAG_IMMUTABLE',
  ])
  expect((await owner.push('GET', `${owner.path}/tags/list`)).json.tags).toEqual(['v1', 'v2'])
  expect(await outcome(put(owner, 'v1', image.manifest, imageManifestType))).toEqual([201])
})

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import {
  dockerListType,
  dockerManifestType,
  imageIndexType,
  imageManifestType,
  parseManifest,
} from '#domain/manifest.ts'

const descriptor = (text: string, more: object = {}) => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  digest: digestOf(Buffer.from(text)),
  size: text.length,
  ...more,
})
const config = descriptor('config', { mediaType: 'application/vnd.oci.image.config.v1+json' })
const image = { schemaVersion: 2, mediaType: imageManifestType, config, layers: [descriptor('a')] }
const index = { schemaVersion: 2, mediaType: imageIndexType, manifests: [descriptor('child')] }

const parse = (document: unknown, contentType = '') =>
  parseManifest(Buffer.from(JSON.stringify(document)), contentType)

/** Code and text of what is thrown. */
function refusal(work: () => unknown): [string, string] | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return [error.code, error.message]
  }
}

test('an image names its config and its layers', () => {
  expect(parse(image)).toEqual({
    mediaType: imageManifestType,
    isIndex: false,
    artifactType: config.mediaType,
    configMediaType: config.mediaType,
    subjectDigest: null,
    annotations: null,
    blobs: [
      { digest: config.digest, sizeBytes: 6 },
      { digest: digestOf(Buffer.from('a')), sizeBytes: 1 },
    ],
    children: [],
    layersSizeBytes: 1,
  })
})

test('an index names manifests and no blobs', () => {
  expect(parse(index)).toMatchObject({
    isIndex: true,
    artifactType: null,
    blobs: [],
    children: [{ digest: digestOf(Buffer.from('child')), sizeBytes: 5 }],
    layersSizeBytes: null,
  })
  expect(parse({ ...index, manifests: [] }).children).toEqual([])
})

test('the type is that of the request, or of the document where the request has none', () => {
  const { mediaType: _mediaType, ...untyped } = image
  expect(parse(image).mediaType).toBe(imageManifestType)
  expect(parse(untyped, dockerManifestType).mediaType).toBe(dockerManifestType)
  expect(parse({ ...image, mediaType: dockerManifestType }).mediaType).toBe(dockerManifestType)
  expect(parse({ ...index, mediaType: dockerListType }).isIndex).toBe(true)
  expect(refusal(() => parse(untyped))?.[0]).toBe('unsupported_media_type')
  expect(refusal(() => parse(image, dockerManifestType))).toEqual([
    'manifest_invalid',
    expect.stringContaining('mediaType'),
  ])
  expect(refusal(() => parse(image, 'application/json'))?.[0]).toBe('unsupported_media_type')
})

test('an artifact is what artifactType says, or else what its config is', () => {
  expect(parse({ ...image, artifactType: 'a/b' }).artifactType).toBe('a/b')
  expect(parse({ ...image, artifactType: '' }).artifactType).toBe(config.mediaType)
  expect(parse({ ...index, artifactType: 'a/b' }).artifactType).toBe('a/b')
})

test('subject and annotations are read, and null is like nothing', () => {
  const subject = descriptor('subject')
  expect(parse({ ...image, subject, annotations: { a: 'b' } })).toMatchObject({
    subjectDigest: subject.digest,
    annotations: { a: 'b' },
  })
  expect(parse({ ...image, subject: null, annotations: null })).toMatchObject({
    subjectDigest: null,
    annotations: null,
  })
})

test('layers that lie elsewhere are counted but not demanded', () => {
  const foreign = [
    descriptor('far', { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar' }),
    descriptor('away', { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }),
  ]
  const parsed = parse({ ...image, layers: [...foreign, descriptor('near')] })
  expect(parsed.blobs).toHaveLength(2)
  expect(parsed.layersSizeBytes).toBe(11)
})

test('schema 1 is refused by its version and by its type, with what to do', () => {
  const expected = ['unsupported_media_type', expect.stringContaining('push with a client')]
  expect(refusal(() => parse({ schemaVersion: 1 }))).toEqual(expected)
  const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
  expect(refusal(() => parse(image, type))).toEqual(expected)
})

test('a document cannot be an image and an index at once', () => {
  for (const extra of [{ manifests: [] }, { manifests: null }])
    expect(refusal(() => parse({ ...image, ...extra }))?.[0]).toBe('manifest_invalid')
  for (const extra of [{ layers: [] }, { config: null }])
    expect(refusal(() => parse({ ...index, ...extra }))?.[0]).toBe('manifest_invalid')
})

test('an index may have any number of manifests up to a limit', () => {
  const many = (count: number) => ({ ...index, manifests: Array(count).fill(descriptor('x')) })
  expect(parse(many(20_000)).children).toHaveLength(20_000)
  expect(refusal(() => parse(many(20_001)))).toEqual([
    'manifest_invalid',
    expect.stringContaining('20000'),
  ])
})

test('any JSON at all, and any change to a good manifest, is taken or refused by a rule', () => {
  const codes = [undefined, 'manifest_invalid', 'unsupported_media_type']
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(codes).toContain(
        refusal(() => parseManifest(Buffer.from(text), imageManifestType))?.[0],
      )
    }),
  )
  const fields = [
    'schemaVersion',
    'mediaType',
    'config',
    'layers',
    'subject',
    'annotations',
    'artifactType',
  ]
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.jsonValue(), (field, value) => {
      expect(codes).toContain(refusal(() => parse({ ...image, [field]: value }))?.[0])
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(codes).toContain(refusal(() => parseManifest(bytes, imageManifestType))?.[0])
    }),
  )
})

import { expect, test } from 'vitest'

import {
  ApiApi,
  BlobApi,
  CatalogApi,
  Configuration,
  ManifestApi,
  ReferrerApi,
  ResponseError,
  TagApi,
  TokenApi,
  UploadApi,
  type InitOverrideFunction,
} from '#generated/sdk/v2/dist/index.js'
import { digestOf } from '#domain/digest.ts'
import { imageIndexType, imageManifestType } from '#domain/manifest.ts'
import { makeImage, makeIndex } from '#test/support/image.ts'
import { passwordOf, startServer, type TestServer } from '#test/support/server.ts'

const name = 'ada/team/app'
const blobOf = (bytes: Uint8Array) => new Blob([Buffer.from(bytes)])
const bytesOf = async (blob: Blob) => Buffer.from(await blob.arrayBuffer())
const withType =
  (type: string): InitOverrideFunction =>
  async ({ init }) => ({ headers: { ...init.headers, 'Content-Type': type } })

/** A client of somebody who has a token for the repository. */
async function connect(server: TestServer): Promise<Configuration> {
  await server.user('ada')
  const { url: basePath, host: service } = server
  const credentials = { username: 'ada', password: passwordOf('ada') }
  const { token } = await new TokenApi(new Configuration({ basePath, ...credentials })).issueToken({
    service,
    scope: [`repository:${name}:pull,push,delete`],
  })
  return new Configuration({ basePath, accessToken: token })
}

async function pushImage(configuration: Configuration, reference: string, extra?: object) {
  const image = makeImage(reference, extra)
  const uploads = new UploadApi(configuration)
  for (const bytes of [image.config, image.layer])
    await uploads.startBlobUpload({ name, digest: digestOf(bytes), body: blobOf(bytes) })
  const manifests = new ManifestApi(configuration)
  await manifests.putManifest({ name, reference, body: blobOf(image.manifest) })
  return image
}

test('the compiled v2 SDK pushes and pulls an image and an index, byte for byte', async () => {
  const configuration = await connect(await startServer())
  expect(await new ApiApi(configuration).checkApi()).toEqual({})
  const image = await pushImage(configuration, 'edge')
  const blobs = new BlobApi(configuration)
  const layer = { name, digest: digestOf(image.layer) }
  expect(await bytesOf(await blobs.getBlob(layer))).toEqual(image.layer)
  const head = await blobs.headBlobRaw(layer)
  expect(head.raw.headers.get('content-length')).toBe(String(image.layer.length))

  const manifests = new ManifestApi(configuration)
  const index = makeIndex([image])
  await manifests.putManifest(
    { name, reference: 'all', body: blobOf(index) },
    withType(imageIndexType),
  )
  const pulled = await manifests.getManifestRaw({ name, reference: 'all' })
  expect(pulled.raw.headers.get('content-type')).toBe(imageIndexType)
  expect(await bytesOf(await pulled.value())).toEqual(index)
  const child = await manifests.getManifest({ name, reference: image.digest })
  expect(await bytesOf(child)).toEqual(image.manifest)
})

test('the compiled v2 SDK uploads in chunks', async () => {
  const configuration = await connect(await startServer())
  const uploads = new UploadApi(configuration)
  const content = Buffer.from('one two')
  const { raw } = await uploads.startBlobUploadRaw({ name })
  const upload = { name, upload_uuid: raw.headers.get('docker-upload-uuid')! }
  await uploads.patchBlobUpload({ ...upload, body: blobOf(content.subarray(0, 4)) })
  const digest = digestOf(content)
  await uploads.finishBlobUpload({ ...upload, digest, body: blobOf(content.subarray(4)) })
  expect(await bytesOf(await new BlobApi(configuration).getBlob({ name, digest }))).toEqual(content)
})

test('the compiled v2 SDK lists repositories, tags and referrers, and deletes', async () => {
  const configuration = await connect(await startServer())
  const image = await pushImage(configuration, 'edge')
  const { digest, manifest } = image
  const subject = { mediaType: imageManifestType, digest, size: manifest.length }
  const signature = await pushImage(configuration, 'signature', { subject })

  expect(await new CatalogApi(configuration).listCatalog()).toEqual({ repositories: [name] })
  const tags = new TagApi(configuration)
  expect(await tags.listTags({ name })).toEqual({ name, tags: ['edge', 'signature'] })
  const referrers = await new ReferrerApi(configuration).listReferrers({ name, digest })
  expect(referrers.manifests.map((each) => each.digest)).toEqual([signature.digest])

  const manifests = new ManifestApi(configuration)
  await manifests.deleteManifest({ name, reference: digest })
  expect(await tags.listTags({ name })).toEqual({ name, tags: ['signature'] })
  const refusal = await manifests
    .getManifest({ name, reference: 'edge' })
    .catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ResponseError)
  const { response } = refusal as ResponseError
  expect(await response.json()).toMatchObject({ errors: [{ code: 'MANIFEST_UNKNOWN' }] })
})

import { digestOf, type Digest } from '#domain/digest.ts'
import { imageIndexType, imageManifestType } from '#domain/manifest.ts'
import type { Call } from './client.ts'

/** An image that a test has pushed. */
export interface PushedImage {
  digest: Digest
  manifest: Buffer
  config: Buffer
  layer: Buffer
}

let counter = 0

/** An image manifest over one layer; each call makes another, unless a seed is given. */
export function makeImage(seed: string | number = ++counter, extra: object = {}): PushedImage {
  const layer = Buffer.from(`layer ${seed}`)
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
      history: [
        { created: '2020-01-01T00:00:00Z', created_by: `RUN make ${seed}`, comment: 'made' },
      ],
    }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: imageManifestType,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: digestOf(config),
        size: config.length,
      },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: digestOf(layer),
          size: layer.length,
        },
      ],
      ...extra,
    }),
  )
  return { digest: digestOf(manifest), manifest, config, layer }
}

/** Pushes a blob in one request; gives its digest. */
export async function pushBlob(call: Call, fullName: string, bytes: Uint8Array): Promise<Digest> {
  const digest = digestOf(bytes)
  const answer = await call('POST', `/v2/${fullName}/blobs/uploads/?digest=${digest}`, {
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
  })
  if (answer.status !== 201)
    throw new Error(`no blob in ${fullName}: ${answer.status} ${answer.text}`)
  return digest
}

/** Pushes the blobs of an image, and its manifest under each tag; under its digest when there is none. */
export async function pushImage(
  call: Call,
  fullName: string,
  tags: readonly string[],
  image: PushedImage = makeImage(),
): Promise<PushedImage> {
  await pushBlob(call, fullName, image.config)
  await pushBlob(call, fullName, image.layer)
  for (const reference of tags.length > 0 ? tags : [image.digest])
    await pushManifest(call, fullName, reference, image.manifest)
  return image
}

/** Pushes a manifest and fails unless it is taken. */
export async function pushManifest(
  call: Call,
  fullName: string,
  reference: string,
  manifest: Uint8Array,
  type: string = imageManifestType,
): Promise<Digest> {
  const answer = await call('PUT', `/v2/${fullName}/manifests/${reference}`, {
    headers: { 'content-type': type },
    body: manifest,
  })
  if (answer.status !== 201)
    throw new Error(`no manifest ${fullName}:${reference}: ${answer.status} ${answer.text}`)
  return answer.headers.get('docker-content-digest') as Digest
}

/** An index over manifests. */
export function makeIndex(children: readonly PushedImage[]): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: imageIndexType,
      manifests: children.map((child) => ({
        mediaType: imageManifestType,
        digest: child.digest,
        size: child.manifest.length,
      })),
    }),
  )
}

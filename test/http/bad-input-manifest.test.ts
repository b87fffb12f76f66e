import { expect, test } from 'vitest'

import { imageIndexType, imageManifestType } from '#domain/manifest.ts'
import { makeImage } from '#test/support/image.ts'
import { sendBytes } from '#test/support/raw.ts'
import { base, cheaply, refusal, openHarbour, push, type Harbour } from './bad-input.ts'

const other = `sha256:${'0'.repeat(64)}`

/** Pushes a manifest under the tag `bad`. */
function pushManifest(harbour: Harbour, body: string | Uint8Array, type = imageManifestType) {
  const headers = type === '' ? undefined : { 'content-type': type }
  return push(harbour, 'PUT', 'manifests/bad', { body, ...(headers ? { headers } : {}) })
}

test('a manifest of 5 MiB is refused with 413, whether its length is told before or not', async () => {
  const harbour = await openHarbour()
  const { host, identify } = harbour
  await cheaply(async () => {
    const large = Buffer.alloc(5 * 1_048_576, ' ')
    expect(refusal(await pushManifest(harbour, large), 'v2', 413)[1]).toBe('SIZE_INVALID')
    const { authorization } = identify({ api: 'v2', operationId: '' })
    const head = `PUT ${base}/manifests/bad HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\nContent-Type: ${imageManifestType}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`
    const chunk = Buffer.concat([
      Buffer.from('100000\r\n'),
      large.subarray(0, 0x100000),
      Buffer.from('\r\n'),
    ])
    const [answer] = await sendBytes(host, [
      head,
      ...Array.from({ length: 5 }, () => chunk),
      '0\r\n\r\n',
    ])
    refusal(answer!, 'v2', 413)
  })
  expect(await harbour.leftovers()).toEqual({})
})

test('a manifest that nests a million deep is refused at no cost', async () => {
  const harbour = await openHarbour()
  await cheaply(async () => {
    for (const opening of ['[', '{"a":', '{"annotations":['])
      expect(
        refusal(
          await pushManifest(harbour, opening.repeat(4_000_000 / opening.length)),
          'v2',
          400,
        )[1],
      ).toBe('MANIFEST_INVALID')
    const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`
    const { manifest } = makeImage('deep')
    const text = manifest.toString().replace('{', `{"extra":${deep},`)
    expect(refusal(await pushManifest(harbour, text), 'v2', 400)[1]).toBe('MANIFEST_INVALID')
  })
  expect(await harbour.leftovers()).toEqual({})
})

/** A manifest of an image that is there, with something changed. */
function manifestWith(harbour: { image: string }, changes: object): string {
  return JSON.stringify({ ...JSON.parse(harbour.image), ...changes })
}

test('manifests that break their schema are refused with the rule that they break', async () => {
  const harbour = await openHarbour()
  const stable = await push(harbour, 'GET', 'manifests/stable')
  const world = { image: stable.body.toString() }
  const { config, layers } = stable.json
  const layer = layers[0]
  const invalid = [
    '',
    '{',
    '[]',
    'null',
    '"text"',
    Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
    Buffer.from([0xff, 0x7b, 0x7d]),
    '{}',
    manifestWith(world, { schemaVersion: '2' }),
    manifestWith(world, { schemaVersion: 2.5 }),
    manifestWith(world, { mediaType: 1 }),
    manifestWith(world, { mediaType: imageIndexType }),
    manifestWith(world, { config: null }),
    manifestWith(world, { config: [] }),
    manifestWith(world, { config: { ...config, digest: 'sha256:short' } }),
    manifestWith(world, { config: { ...config, size: -1 } }),
    manifestWith(world, { config: { ...config, size: '7' } }),
    manifestWith(world, { config: { ...config, size: config.size + 1 } }),
    manifestWith(world, { layers: {} }),
    manifestWith(world, { layers: [null] }),
    manifestWith(world, { layers: [{ ...layer, size: 2 ** 60 }] }),
    manifestWith(world, { layers: [{ ...layer, digest: '../../etc/passwd' }] }),
    manifestWith(world, { annotations: [] }),
    manifestWith(world, { annotations: { a: 1 } }),
    manifestWith(world, { annotations: { a: 'b\u0000c' } }),
    manifestWith(world, { annotations: { 'b\u0000c': 'a' } }),
    manifestWith(world, { annotations: { a: '\ud800' } }),
    manifestWith(world, { artifactType: 'a\u0000b' }),
    manifestWith(world, { artifactType: {} }),
    manifestWith(world, { subject: 'text' }),
    manifestWith(world, { subject: { digest: 'x', size: 1 } }),
    // Foreign layers need not be here, so only their sum can betray that their sizes are made up.
    manifestWith(world, {
      layers: Array.from({ length: 3000 }, () => ({
        mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
        digest: other,
        size: Number.MAX_SAFE_INTEGER,
      })),
    }),
    world.image.replace('{', '{"schemaVersion":2,'),
    world.image.replace('{', '{"\\u0073chemaVersion":2,'),
    world.image.replace('"size"', '"size":1,"size"'),
    world.image.replace(/"size":\d+/, '"size":1e400'),
    world.image.replace(/"size":\d+/, '"size":99999999999999999999'),
  ]
  for (const body of invalid)
    expect(refusal(await pushManifest(harbour, body), 'v2', 400)[1]).toBe('MANIFEST_INVALID')
  for (const body of [
    manifestWith(world, { layers: [{ ...layer, digest: other }] }),
    manifestWith(world, { config: { ...config, digest: other } }),
  ])
    expect(refusal(await pushManifest(harbour, body), 'v2')[1]).toBe('MANIFEST_BLOB_UNKNOWN')
  for (const type of [
    'text/plain',
    'application/json',
    'application/vnd.docker.distribution.manifest.v1+json',
  ])
    refusal(await pushManifest(harbour, world.image, type), 'v2', 415)
  const schema1 = manifestWith(world, { schemaVersion: 1 })
  refusal(await pushManifest(harbour, schema1), 'v2', 415)
  expect(await harbour.leftovers()).toEqual({})
})

test('referrers with long annotations are listed in pages of a few MiB', async () => {
  const harbour = await openHarbour()
  const image = await push(harbour, 'GET', 'manifests/stable')
  const subject = {
    mediaType: imageManifestType,
    digest: image.headers.get('docker-content-digest'),
    size: image.body.length,
  }
  const digests = []
  for (let index = 0; index < 6; index++) {
    const annotations = { [`${index}`]: 'x'.repeat(1_500_000) }
    const body = manifestWith({ image: image.body.toString() }, { subject, annotations })
    const { headers, status } = await pushManifest(harbour, body)
    expect(status).toBe(201)
    digests.push(headers.get('docker-content-digest'))
  }
  const listed: string[] = []
  let next: string | undefined = `referrers/${subject.digest}`
  while (next !== undefined) {
    const page = await push(harbour, 'GET', next)
    expect(page.body.length).toBeLessThan(8_000_000)
    listed.push(...page.json.manifests.map(({ digest }: { digest: string }) => digest))
    next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1]
  }
  expect(listed).toEqual(digests.toSorted())
})

import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { imageIndexType, imageManifestType } from '#domain/manifest.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, pushBlob, pushImage, type PushedImage } from '#test/support/image.ts'
import { newOwner, setPublic, shareServer, type Owner } from '#test/support/shared.ts'

const shared = shareServer()

/** Pushes an image that refers to a subject; gives its entry in the list and the answer's OCI-Subject. */
async function attach(owner: Owner, subject: PushedImage, extra: Record<string, unknown> = {}) {
  const image = makeImage(undefined, {
    subject: {
      mediaType: imageManifestType,
      digest: subject.digest,
      size: subject.manifest.length,
    },
    ...extra,
  })
  await pushBlob(owner.push, owner.fullName, image.config)
  await pushBlob(owner.push, owner.fullName, image.layer)
  const { status, headers } = await owner.push('PUT', `${owner.path}/manifests/${image.digest}`, {
    headers: { 'content-type': imageManifestType },
    body: image.manifest,
  })
  expect([status, headers.get('oci-subject')]).toEqual([201, subject.digest])
  return {
    mediaType: imageManifestType,
    digest: image.digest,
    size: image.manifest.length,
    artifactType: extra['artifactType'] ?? 'application/vnd.oci.image.config.v1+json',
    ...(extra['annotations'] ? { annotations: extra['annotations'] } : {}),
  }
}

const byDigest = (a: { digest: string }, b: { digest: string }) => (a.digest < b.digest ? -1 : 1)

test('referrers are listed with type, size and annotations, in byte order of their digests', async () => {
  const owner = await newOwner(shared())
  const subject = await pushImage(owner.push, owner.fullName, ['v1'])
  const entries = [
    await attach(owner, subject),
    await attach(owner, subject, { artifactType: 'application/spdx+json' }),
    await attach(owner, subject, { artifactType: 'a/b', annotations: { one: '1', two: 'zwei' } }),
  ]
  const { status, headers, json } = await owner.push(
    'GET',
    `${owner.path}/referrers/${subject.digest}`,
  )
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe(imageIndexType)
  expect(headers.has('oci-filters-applied')).toBe(false)
  expect(json).toEqual({
    schemaVersion: 2,
    mediaType: imageIndexType,
    manifests: entries.toSorted(byDigest),
  })
})

test('artifactType filters, by the type of the config where a manifest has none of its own', async () => {
  const owner = await newOwner(shared())
  const subject = await pushImage(owner.push, owner.fullName, ['v1'])
  const plain = await attach(owner, subject)
  const sbom = await attach(owner, subject, { artifactType: 'application/spdx+json' })
  const filtered = async (type: string) => {
    const { headers, json } = await owner.push(
      'GET',
      `${owner.path}/referrers/${subject.digest}?artifactType=${encodeURIComponent(type)}`,
    )
    expect(headers.get('oci-filters-applied')).toBe('artifactType')
    return json.manifests
  }
  expect(await filtered('application/spdx+json')).toEqual([sbom])
  expect(await filtered(plain.artifactType as string)).toEqual([plain])
  expect(await filtered('nothing/like-it')).toEqual([])
})

test('a subject may come later or never, and may be an index or a sha512 digest', async () => {
  const owner = await newOwner(shared())
  const absent = makeImage('never pushed')
  const entry = await attach(owner, absent)
  const list = async (digest: string) =>
    (await owner.push('GET', `${owner.path}/referrers/${digest}`)).json.manifests
  expect(await list(absent.digest)).toEqual([entry])
  const long = { ...absent, digest: digestOf(absent.manifest, 'sha512') }
  const second = await attach(owner, long)
  expect(await list(long.digest)).toEqual([second])
  expect(await list(absent.digest)).toEqual([entry])
})

test('an index can refer too; without artifactType it has none', async () => {
  const owner = await newOwner(shared())
  const subject = await pushImage(owner.push, owner.fullName, ['v1'])
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: imageIndexType,
      manifests: [],
      subject: { mediaType: imageManifestType, digest: subject.digest, size: 1 },
    }),
  )
  await owner.push('PUT', `${owner.path}/manifests/index`, {
    headers: { 'content-type': imageIndexType },
    body: index,
  })
  const { json } = await owner.push('GET', `${owner.path}/referrers/${subject.digest}`)
  expect(json.manifests).toEqual([
    { mediaType: imageIndexType, digest: digestOf(index), size: index.length },
  ])
})

test('a deleted referrer is gone at once, and outlives its subject', async () => {
  const owner = await newOwner(shared())
  const subject = await pushImage(owner.push, owner.fullName, ['v1'])
  const [first, second] = [await attach(owner, subject), await attach(owner, subject)]
  const list = async () =>
    (await owner.push('GET', `${owner.path}/referrers/${subject.digest}`)).json.manifests
  await owner.push('DELETE', `${owner.path}/manifests/${first.digest}`)
  expect(await list()).toEqual([second])
  await owner.push('DELETE', `${owner.path}/manifests/${subject.digest}`)
  expect(await list()).toEqual([second])
})

test('nothing refers to what nobody has pushed: an empty list, even before the repository is there', async () => {
  const owner = await newOwner(shared())
  const path = `${owner.path}/referrers/sha256:${'0'.repeat(64)}`
  expect((await owner.push('GET', path)).json.manifests).toEqual([])
  await pushImage(owner.push, owner.fullName, ['v1'])
  expect((await owner.push('GET', path)).json.manifests).toEqual([])
  for (const digest of ['sha256:x', 'v1'])
    expect(await outcome(owner.push('GET', `${owner.path}/referrers/${digest}`))).toEqual([
      400,
      'DIGEST_INVALID',
    ])
})

test('more than a thousand referrers come in pages', async () => {
  const server = shared()
  const owner = await newOwner(server)
  const subject = await pushImage(owner.push, owner.fullName, ['v1'])
  await attach(owner, subject, { artifactType: 'a/b' })
  const row = await server.deps.db
    .selectFrom('manifest')
    .selectAll()
    .where('subject_digest', '=', subject.digest)
    .executeTakeFirstOrThrow()
  const { id: _id, annotations: _annotations, ...values } = row
  const copies = Array.from({ length: 1_049 }, (_, index) => ({
    ...values,
    annotations: null,
    digest: digestOf(Buffer.from(`copy ${index}`)),
  }))
  await server.deps.db.insertInto('manifest').values(copies).execute()
  await setPublic(server, owner.fullName)
  const found: string[] = []
  let next: string | undefined = `${owner.path}/referrers/${subject.digest}?artifactType=a%2Fb`
  for (let count = 0; next !== undefined; count += 1) {
    const { json, headers } = await server.call('GET', next)
    found.push(...json.manifests.map(({ digest }: { digest: string }) => digest))
    next = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
    expect(next === undefined).toBe(count === 1)
  }
  expect(found).toEqual(found.toSorted())
  expect(new Set(found).size).toBe(1_050)
})

import { randomBytes } from 'node:crypto'
import { open, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import { checkStorage } from '#services/check-storage.ts'
import type { BlobDriver } from '#storage/driver.ts'
import { openFilesystemDriver } from '#storage/filesystem.ts'
import { collect } from '#test/storage/bytes.ts'
import { temporaryFolder } from '#test/storage/folder.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, pushBlob, pushImage, pushManifest } from '#test/support/image.ts'
import { startServer } from '#test/support/server.ts'

const scope = 'repository:ada/app:pull,push'
const smallBytes = 1_000
/** More than the one buffer up to which a blob is checked before its first byte is sent. */
const largeBytes = 3_000_000

async function start(wrap: (driver: BlobDriver) => BlobDriver = (driver) => driver) {
  const root = await temporaryFolder()
  const server = await startServer({}, { blobs: wrap(await openFilesystemDriver(root)) })
  await server.user('ada')
  const push = await server.registry('ada', scope)
  const pathOf = (digest: Digest) => {
    const hex = digest.slice('sha256:'.length)
    return join(root, 'blobs/sha256', hex.slice(0, 2), hex)
  }
  /** Gives the status and whether the bytes are those of the blob; a transfer that breaks off is `broken`. */
  const read = async (digest: Digest, bytes: Buffer, headers: Record<string, string> = {}) => {
    const answer = await push('GET', blobUrl(digest), { headers }).catch(() => undefined)
    if (!answer) return 'broken'
    if (answer.status === 404) return answer.json.errors[0].message as string
    return Buffer.from(answer.bytes).equals(bytes) ? 'good' : 'other bytes'
  }
  const isMarked = async () => {
    const row = await server.deps.db.selectFrom('blob').select('damaged_at').executeTakeFirst()
    return row?.damaged_at !== null
  }
  return { ...server, root, push, pathOf, read, isMarked }
}

const blobUrl = (digest: Digest) => `/v2/ada/app/blobs/${digest}`
const isDamaged = expect.stringMatching(/^the bytes of blob sha256:.* are damaged.*: push the blob/)

/** Turns one bit over. */
async function flip(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position)
  await file.write(Buffer.from([buffer[0]! ^ 1]), 0, 1, position)
  await file.close()
}

test.for([
  ['small', smallBytes, 0],
  ['small', smallBytes, smallBytes - 1],
  ['large', largeBytes, 0],
  ['large', largeBytes, largeBytes - 1],
] as const)(
  'one bit of a %s blob (%i bytes, byte %i) is noticed: nobody gets it whole, and a push mends it',
  async ([, size, position]) => {
    const { push, pathOf, read, isMarked, call } = await start()
    const bytes = randomBytes(size)
    const digest = await pushBlob(push, 'ada/app', bytes)
    expect(await read(digest, bytes)).toBe('good')
    await flip(pathOf(digest), position)

    expect(await read(digest, bytes)).toEqual(size === largeBytes ? 'broken' : isDamaged)
    await expect.poll(isMarked).toBe(true)
    expect(await read(digest, bytes)).toEqual(isDamaged)
    expect(await read(digest, bytes, { range: 'bytes=1-5' })).toEqual(isDamaged)
    expect((await push('HEAD', blobUrl(digest))).status).toBe(404)
    expect((await call('GET', '/metrics')).text).toMatch(/^portolan_damaged_blobs_total 1$/m)

    await pushBlob(push, 'ada/app', bytes)
    expect(await read(digest, bytes)).toBe('good')
    expect(await isMarked()).toBe(false)
  },
)

test('a damaged blob is told before it is marked as well, however often it is asked for', async () => {
  const { push, pathOf, read } = await start()
  const bytes = randomBytes(largeBytes)
  const digest = await pushBlob(push, 'ada/app', bytes)
  await flip(pathOf(digest), 5)
  const answers = await Promise.all(Array.from({ length: 10 }, () => read(digest, bytes)))
  expect(answers.filter((answer) => answer === 'good' || answer === 'other bytes')).toEqual([])
})

test('a blob that has lost bytes, or all of them, is refused before the first byte', async () => {
  const { push, pathOf, read, isMarked, deps } = await start()
  for (const [size, damage] of [
    [largeBytes, (path: string) => truncate(path, 10)],
    [largeBytes + 1, (path: string) => rm(path)],
  ] as const) {
    const bytes = randomBytes(size)
    const digest = await pushBlob(push, 'ada/app', bytes)
    await damage(pathOf(digest))
    expect(await read(digest, bytes)).toEqual(isDamaged)
    await expect.poll(isMarked).toBe(true)
    await pushBlob(push, 'ada/app', bytes)
    expect(await read(digest, bytes)).toBe('good')
    await push('DELETE', blobUrl(digest))
    await deps.db.deleteFrom('repository_blob').execute()
    await deps.db.deleteFrom('blob').execute()
  }
})

test('clients are asked to push damaged blobs again: no mount, no manifest over them', async () => {
  const { push, pathOf, read, isMarked, deps, registry } = await start()
  const image = makeImage()
  await pushImage(push, 'ada/app', ['v1'], image)
  const layer = JSON.parse(image.manifest.toString()).layers[0].digest as Digest
  await flip(pathOf(layer), 0)
  expect(await read(layer, image.layer)).toEqual(isDamaged)
  const marked = () =>
    deps.db.selectFrom('blob').select('digest').where('damaged_at', 'is not', null).execute()
  await expect.poll(marked).toEqual([{ digest: layer }])

  const other = await registry('ada', scope, 'repository:ada/other:pull,push')
  const mounted = await other('POST', `/v2/ada/other/blobs/uploads/?mount=${layer}&from=ada/app`)
  expect(mounted.status).toBe(202)
  const tagged = push('PUT', '/v2/ada/app/manifests/v2', {
    headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    body: image.manifest,
  })
  expect(await outcome(tagged)).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
  await pushBlob(push, 'ada/app', image.layer)
  await pushManifest(push, 'ada/app', 'v2', image.manifest)
  expect(await isMarked()).toBe(false)
})

test('blobs of a storage that was away for a while are served again when it is back', async () => {
  const { root, push, read, isMarked } = await start()
  const bytes = randomBytes(smallBytes)
  const digest = await pushBlob(push, 'ada/app', bytes)
  // As after a start without the volume: healthy, and empty.
  await rename(join(root, 'blobs'), join(root, 'away'))
  expect(await read(digest, bytes)).toEqual(isDamaged)
  await expect.poll(isMarked).toBe(true)
  await rename(join(root, 'away'), join(root, 'blobs'))
  expect(await read(digest, bytes)).toEqual(isDamaged)
  await expect.poll(isMarked).toBe(false)
  expect(await read(digest, bytes)).toBe('good')
})

test('a storage that does not work says nothing about its blobs', async () => {
  const { root, push, read, isMarked } = await start()
  const bytes = randomBytes(smallBytes)
  const digest = await pushBlob(push, 'ada/app', bytes)
  await rename(root, `${root}-away`)
  expect(await read(digest, bytes)).toEqual(isDamaged)
  await rename(`${root}-away`, root)
  expect(await read(digest, bytes)).toBe('good')
  expect(await isMarked()).toBe(false)
})

test('a push that replaces the bytes while a reader doubts the old ones has the last word', async () => {
  let whileHashing = async () => {}
  const { push, pathOf, read, isMarked, deps } = await start((driver) => ({
    ...driver,
    async openBlob(digest) {
      const reader = await driver.openBlob(digest)
      const close = () => reader.close().then(() => whileHashing())
      return {
        ...reader,
        sizeBytes: reader.sizeBytes,
        version: reader.version,
        read: reader.read.bind(reader),
        close,
      }
    },
  }))
  const bytes = randomBytes(smallBytes)
  const digest = await pushBlob(push, 'ada/app', bytes)
  await flip(pathOf(digest), 0)
  const replaced = Promise.withResolvers<void>()
  let looks = 0
  whileHashing = async () => {
    looks += 1
    // The second look is the one that decides; it has read the bad bytes and has not marked them yet.
    if (looks !== 2) return
    await pushBlob(push, 'ada/app', bytes)
    replaced.resolve()
  }
  expect(await read(digest, bytes)).toEqual(isDamaged)
  await replaced.promise
  expect(await read(digest, bytes)).toBe('good')
  expect(await isMarked()).toBe(false)
  const { clock, ...rest } = deps
  const options = { deep: true, isAlone: false, at: () => clock.now() }
  expect(await collect(checkStorage(rest, options))).toEqual([])
})

test('a blob that cannot be read is not taken for damaged: it is served when it can be read again', async () => {
  let isFailing = false
  const { push, read, isMarked, deps } = await start((driver) => ({
    ...driver,
    async openBlob(digest) {
      const reader = await driver.openBlob(digest)
      return {
        sizeBytes: reader.sizeBytes,
        version: reader.version,
        async read(...place) {
          if (isFailing) throw new RegistryError('unavailable', 'input/output error')
          return reader.read(...place)
        },
        close: () => reader.close(),
      }
    },
  }))
  const bytes = randomBytes(smallBytes)
  const digest = await pushBlob(push, 'ada/app', bytes)
  isFailing = true
  expect(await outcome(push('GET', blobUrl(digest)))).toEqual([503, 'UNAVAILABLE'])
  await deps.recheckBlob(digest, 'doubted')
  expect(await isMarked()).toBe(false)
  isFailing = false
  expect(await read(digest, bytes)).toBe('good')
})

import { randomBytes, randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { digestOf, type Digest } from '#domain/digest.ts'
import type { BlobDriver } from '#storage/driver.ts'

/** Declares the tests that every blob driver passes. `open` gives a driver with nothing in it. */
export function describeDriver(name: string, open: () => Promise<BlobDriver>) {
  describe(`${name} keeps uploads`, () => describeUploads(open))
  describe(`${name} makes uploads blobs`, () => describeFinishing(open))
  describe(`${name} reads blobs`, () => describeReading(open))
  describe(`${name} lists`, () => describeLists(open))
}

function describeUploads(open: () => Promise<BlobDriver>) {
  test('an upload gives back the bytes it took, however they were cut', async () => {
    const driver = await open()
    const id = randomUUID()
    const bytes = randomBytes(3_500_001)
    const sink = await driver.openUpload(id, 0)
    for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 100_003)
      await sink.write(bytes.subarray(at, at + size))
    await sink.close()
    expect((await readUpload(driver, id, bytes.length)).equals(bytes)).toBe(true)
  })

  test('a chunk may be overwritten as soon as its write has settled', async () => {
    const driver = await open()
    const id = randomUUID()
    const sink = await driver.openUpload(id, 0)
    const chunk = Buffer.alloc(700_000)
    for (const value of [1, 2, 3, 4]) await sink.write(chunk.fill(value))
    await sink.close()
    const expected = Buffer.concat([1, 2, 3, 4].map((value) => Buffer.alloc(700_000, value)))
    expect((await readUpload(driver, id, expected.length)).equals(expected)).toBe(true)
  })

  test('an upload goes on where an earlier writer stopped, at an odd offset too', async () => {
    const driver = await open()
    const id = randomUUID()
    const bytes = randomBytes(2_500_000)
    await upload(driver, id, bytes.subarray(0, 1_234_567))
    await upload(driver, id, bytes.subarray(1_234_567), 1_234_567)
    expect((await readUpload(driver, id, bytes.length)).equals(bytes)).toBe(true)
  })

  test('opening at an offset drops what lies beyond it', async () => {
    const driver = await open()
    const id = randomUUID()
    await upload(driver, id, Buffer.from('0123456789'))
    await upload(driver, id, Buffer.from('x'), 4)
    expect(await uploadSize(driver, id)).toBe(5)
    expect((await readUpload(driver, id, 5)).toString()).toBe('0123x')
  })

  test('opening at 0 starts an upload again', async () => {
    const driver = await open()
    const id = randomUUID()
    await upload(driver, id, Buffer.from('0123456789'))
    await upload(driver, id, Buffer.alloc(0))
    expect(await uploadSize(driver, id)).toBe(0)
  })

  test('opening beyond what is there throws blob_upload_unknown and keeps the bytes', async () => {
    const driver = await open()
    const id = randomUUID()
    await upload(driver, id, Buffer.from('0123'))
    await expect(driver.openUpload(id, 5)).rejects.toMatchObject({ code: 'blob_upload_unknown' })
    await expect(driver.openUpload(randomUUID(), 1)).rejects.toMatchObject({
      code: 'blob_upload_unknown',
    })
    expect(await uploadSize(driver, id)).toBe(4)
  })

  test('a sink can be closed twice', async () => {
    const driver = await open()
    const id = randomUUID()
    const sink = await driver.openUpload(id, 0)
    await sink.write(Buffer.from('bytes'))
    await Promise.all([sink.close(), sink.close()])
    await sink.close()
    expect(await uploadSize(driver, id)).toBe(5)
  })

  test('only the first bytes of an upload are read when only they are asked for', async () => {
    const driver = await open()
    const id = randomUUID()
    await upload(driver, id, Buffer.from('0123456789'))
    expect((await readUpload(driver, id, 3)).toString()).toBe('012')
  })

  test('reading more of an upload than is there throws blob_upload_unknown', async () => {
    const driver = await open()
    const id = randomUUID()
    await upload(driver, id, Buffer.from('0123'))
    const unknown = { code: 'blob_upload_unknown' }
    await expect(readUpload(driver, id, 5)).rejects.toMatchObject(unknown)
    await expect(readUpload(driver, randomUUID(), 1)).rejects.toMatchObject(unknown)
  })

  test('a copied upload goes on by itself', async () => {
    const driver = await open()
    const id = randomUUID()
    await upload(driver, id, Buffer.from('0123456789'))
    await driver.copyUpload(id, `${id}-2`, 4)
    await upload(driver, id, Buffer.from('old'), 4)
    await upload(driver, `${id}-2`, Buffer.from('fresh'), 4)
    expect((await readUpload(driver, `${id}-2`, 9)).toString()).toBe('0123fresh')
    expect((await readUpload(driver, id, 7)).toString()).toBe('0123old')
  })

  test('copying more than is there throws blob_upload_unknown and makes no copy', async () => {
    const driver = await open()
    const id = randomUUID()
    await upload(driver, id, Buffer.from('0123'))
    await expect(driver.copyUpload(id, `${id}-2`, 5)).rejects.toMatchObject({
      code: 'blob_upload_unknown',
    })
    expect(await uploadSize(driver, `${id}-2`)).toBeUndefined()
  })

  test('a removed upload is gone, and removing it again is no error', async () => {
    const driver = await open()
    const id = randomUUID()
    await upload(driver, id, Buffer.from('0123'))
    await driver.removeUpload(id)
    await driver.removeUpload(id)
    expect(await uploadSize(driver, id)).toBeUndefined()
  })

  test.each([
    '',
    '.',
    '../x',
    'a/b',
    `../${randomUUID()}`,
    `${randomUUID()}-x`,
    `${randomUUID()}\0`,
  ])('an upload id that could be a path is refused: %j', async (id) => {
    const driver = await open()
    const unknown = { code: 'blob_upload_unknown' }
    const known = randomUUID()
    await upload(driver, known, Buffer.from('0'))
    await expect(driver.openUpload(id, 0)).rejects.toMatchObject(unknown)
    await expect(readUpload(driver, id, 1)).rejects.toMatchObject(unknown)
    await expect(driver.copyUpload(id, randomUUID(), 0)).rejects.toMatchObject(unknown)
    await expect(driver.copyUpload(known, id, 0)).rejects.toMatchObject(unknown)
    await expect(driver.finishUpload(id, digestOf(Buffer.alloc(0)), 0)).rejects.toMatchObject(
      unknown,
    )
    await expect(driver.removeUpload(id)).rejects.toMatchObject(unknown)
  })
}

function describeFinishing(open: () => Promise<BlobDriver>) {
  test.each(['sha256', 'sha512'] as const)(
    'a finished upload is a blob (%s)',
    async (algorithm) => {
      const driver = await open()
      const bytes = randomBytes(100_000)
      const digest = digestOf(bytes, algorithm)
      const id = randomUUID()
      await upload(driver, id, bytes)
      await driver.finishUpload(id, digest, bytes.length)
      expect((await readBlob(driver, digest)).equals(bytes)).toBe(true)
      expect(await uploadSize(driver, id)).toBeUndefined()
    },
  )

  test('an empty upload makes an empty blob', async () => {
    const driver = await open()
    const digest = await putBlob(driver, Buffer.alloc(0))
    expect(await driver.findBlobSize(digest)).toBe(0)
    expect(await readBlob(driver, digest)).toHaveLength(0)
  })

  test('a blob that is pushed again has the new bytes, and who reads the old ones goes on', async () => {
    const driver = await open()
    const id = randomUUID()
    const digest = digestOf(Buffer.from('layer'))
    await upload(driver, id, Buffer.from('rotten'))
    await driver.finishUpload(id, digest, 6)
    const reader = await driver.openBlob(digest)
    expect(await putBlob(driver, Buffer.from('layer'))).toBe(digest)
    expect((await readBlob(driver, digest)).toString()).toBe('layer')
    const old = Buffer.alloc(6)
    expect([await reader.read(old, 0), old.toString()]).toEqual([6, 'rotten'])
    await reader.close()
    expect(await collect(driver.listUploads())).toEqual([])
  })

  test('the version of a blob stays while nobody writes to it, and changes when it is pushed again', async () => {
    const driver = await open()
    const versions: string[] = []
    const digest = await putBlob(driver, Buffer.from('layer'))
    const look = async () => {
      const reader = await driver.openBlob(digest)
      versions.push(reader.version)
      await reader.close()
    }
    await look()
    await look()
    await putBlob(driver, Buffer.from('layer'))
    await look()
    expect([versions[1] === versions[0], versions[2] === versions[0]]).toEqual([true, false])
  })

  test('uploads of one blob that finish together all succeed', async () => {
    const driver = await open()
    const bytes = randomBytes(50_000)
    const digests = await Promise.all(Array.from({ length: 8 }, () => putBlob(driver, bytes)))
    expect((await readBlob(driver, digests[0]!)).equals(bytes)).toBe(true)
    expect(await collect(driver.listUploads())).toEqual([])
    expect(await collect(driver.listBlobs())).toHaveLength(1)
  })

  test('an upload of another size than announced is refused and stays', async () => {
    const driver = await open()
    const id = randomUUID()
    const bytes = Buffer.from('0123456789')
    await upload(driver, id, bytes)
    for (const sizeBytes of [9, 11])
      await expect(driver.finishUpload(id, digestOf(bytes), sizeBytes)).rejects.toMatchObject({
        code: 'size_invalid',
      })
    expect(await uploadSize(driver, id)).toBe(10)
    expect(await driver.findBlobSize(digestOf(bytes))).toBeUndefined()
  })

  test('finishing without bytes throws blob_upload_unknown, even for a blob that is here', async () => {
    const driver = await open()
    const digest = await putBlob(driver, Buffer.from('layer'))
    await expect(driver.finishUpload(randomUUID(), digest, 5)).rejects.toMatchObject({
      code: 'blob_upload_unknown',
    })
  })
}

function describeReading(open: () => Promise<BlobDriver>) {
  test('an unknown blob has no size, and opening it throws blob_unknown', async () => {
    const driver = await open()
    const digest = digestOf(Buffer.from('nowhere'))
    expect(await driver.findBlobSize(digest)).toBeUndefined()
    await expect(driver.openBlob(digest)).rejects.toMatchObject({ code: 'blob_unknown' })
  })

  test('a reader reads at any position, and 0 bytes only at the end', async () => {
    const driver = await open()
    const reader = await driver.openBlob(await putBlob(driver, Buffer.from('0123456789')))
    const target = Buffer.alloc(4)
    expect(reader.sizeBytes).toBe(10)
    expect([await reader.read(target, 3), target.toString()]).toEqual([4, '3456'])
    expect([await reader.read(target, 8), target.toString('utf8', 0, 2)]).toEqual([2, '89'])
    expect(await reader.read(target, 10)).toBe(0)
    await reader.close()
    await reader.close()
  })

  test('a reader that is open while its blob is removed goes on reading', async () => {
    const driver = await open()
    const digest = await putBlob(driver, Buffer.from('0123456789'))
    const reader = await driver.openBlob(digest)
    await driver.removeBlob(digest)
    const target = Buffer.alloc(10)
    expect([await reader.read(target, 0), target.toString()]).toEqual([10, '0123456789'])
    await reader.close()
  })

  test('a removed blob is gone, removing it again is no error, and it can be pushed again', async () => {
    const driver = await open()
    const digest = await putBlob(driver, Buffer.from('layer'))
    await driver.removeBlob(digest)
    await driver.removeBlob(digest)
    expect(await driver.findBlobSize(digest)).toBeUndefined()
    await putBlob(driver, Buffer.from('layer'))
    expect(await driver.findBlobSize(digest)).toBe(5)
  })

  test('a driver that works is healthy, and its probe leaves nothing behind', async () => {
    const driver = await open()
    await driver.checkHealth()
    expect(await collect(driver.listUploads())).toEqual([])
  })
}

function describeLists(open: () => Promise<BlobDriver>) {
  test('blobs are listed with their sizes, in byte order of their digests', async () => {
    const driver = await open()
    const startedAt = Date.now()
    const sizes = new Map<string, number>()
    for (let size = 1; size <= 40; size += 1)
      sizes.set(await putBlob(driver, Buffer.alloc(size)), size)
    const long = randomUUID()
    await upload(driver, long, Buffer.from('long'))
    await driver.finishUpload(long, digestOf(Buffer.from('long'), 'sha512'), 4)
    sizes.set(digestOf(Buffer.from('long'), 'sha512'), 4)
    const listed = await collect(driver.listBlobs())
    expect(listed.map(({ digest, sizeBytes }) => [digest, sizeBytes])).toEqual(
      [...sizes].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
    // File systems keep times that are coarser than the clock.
    for (const { changedAt } of listed)
      expect(changedAt.getTime()).toBeGreaterThan(startedAt - 1_000)
  })

  test('uploads are listed with their sizes, in byte order of their ids', async () => {
    const driver = await open()
    const ids = Array.from({ length: 20 }, () => `${randomUUID()}-12`)
    for (const id of ids) await upload(driver, id, Buffer.from('0123'))
    const listed = await collect(driver.listUploads())
    expect(listed.map(({ id, sizeBytes }) => [id, sizeBytes])).toEqual(
      ids.toSorted().map((id) => [id, 4]),
    )
  })

  test('the size of an upload is found, and undefined when it is not here', async () => {
    const driver = await open()
    const id = randomUUID()
    await upload(driver, id, Buffer.from('0123'))
    expect([await driver.findUploadSize(id), await driver.findUploadSize(randomUUID())]).toEqual([
      4,
      undefined,
    ])
  })

  test('a fresh driver lists nothing', async () => {
    const driver = await open()
    expect([await collect(driver.listBlobs()), await collect(driver.listUploads())]).toEqual([
      [],
      [],
    ])
  })
}

/** Writes `bytes` to an upload at `offset`. */
export async function upload(driver: BlobDriver, id: string, bytes: Uint8Array, offset = 0) {
  const sink = await driver.openUpload(id, offset)
  try {
    await sink.write(bytes)
  } finally {
    await sink.close()
  }
}

/** Uploads and finishes a blob, and gives its digest. */
export async function putBlob(driver: BlobDriver, bytes: Buffer): Promise<Digest> {
  const id = randomUUID()
  await upload(driver, id, bytes)
  await driver.finishUpload(id, digestOf(bytes), bytes.length)
  return digestOf(bytes)
}

/** The first `length` bytes of an upload. */
export async function readUpload(driver: BlobDriver, id: string, length: number) {
  const chunks: Buffer[] = []
  for await (const chunk of driver.readUpload(id, length)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** All bytes of a blob. */
export async function readBlob(driver: BlobDriver, digest: Digest): Promise<Buffer> {
  const reader = await driver.openBlob(digest)
  const bytes = Buffer.alloc(reader.sizeBytes)
  for (let at = 0; at < bytes.length;) at += await reader.read(bytes.subarray(at), at)
  await reader.close()
  return bytes
}

/** Everything that an iterator gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

/** Size of an upload as the list gives it. */
async function uploadSize(driver: BlobDriver, id: string): Promise<number | undefined> {
  return (await collect(driver.listUploads())).find((each) => each.id === id)?.sizeBytes
}

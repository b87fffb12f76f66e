import { randomBytes, randomUUID } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import type { BlobDriver } from '#storage/driver.ts'
import { collect, putBlob, readBlob, upload, uploadSize } from './bytes.ts'
import { describeUploads } from './contract-uploads.ts'

/** Declares the tests that every blob driver passes. `open` gives a driver with nothing in it. */
export function describeDriver(name: string, open: () => Promise<BlobDriver>) {
  describe(`${name} keeps uploads`, () => describeUploads(open))
  describe(`${name} makes uploads blobs`, () => describeFinishing(open))
  describe(`${name} reads blobs`, () => describeReading(open))
  describe(`${name} lists`, () => describeLists(open))
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

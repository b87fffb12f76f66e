import { randomBytes, randomUUID } from 'node:crypto'
import { readlinkSync, statSync } from 'node:fs'
import { mkdir, open, readdir, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, onTestFinished, test, vi } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { openFilesystemDriver } from '#storage/filesystem.ts'
import { uploadSlots } from '#storage/upload-slot.ts'
import { collect, putBlob, readBlob, readUpload, upload } from './bytes.ts'
import { describeDriver } from './contract.ts'
import { canMount, smallDisk, temporaryFolder } from './folder.ts'

describeDriver('the filesystem driver', async () => openFilesystemDriver(await temporaryFolder()))

test('a blob lies under its algorithm and the first two digits of its hex, for its owner alone', async () => {
  const root = join(await temporaryFolder(), 'made/on/the/way')
  const digest = await putBlob(await openFilesystemDriver(root), Buffer.from('layer'))
  const hex = digest.slice('sha256:'.length)
  const { size, mode } = await stat(join(root, 'blobs/sha256', hex.slice(0, 2), hex))
  expect([size, mode & 0o777]).toEqual([5, 0o600])
})

test('blobs and uploads are there after opening the folder again', async () => {
  const root = await temporaryFolder()
  const id = randomUUID()
  const first = await openFilesystemDriver(root)
  const digest = await putBlob(first, Buffer.from('layer'))
  await upload(first, id, Buffer.from('0123'))
  const second = await openFilesystemDriver(root)
  await upload(second, id, Buffer.from('4567'), 4)
  expect((await readBlob(second, digest)).toString()).toBe('layer')
  expect((await readUpload(second, id, 8)).toString()).toBe('01234567')
})

test('a damaged blob is replaced by the next push', async () => {
  const root = await temporaryFolder()
  const driver = await openFilesystemDriver(root)
  const digest = await putBlob(driver, Buffer.from('layer'))
  const hex = digest.slice('sha256:'.length)
  await writeFile(join(root, 'blobs/sha256', hex.slice(0, 2), hex), 'lexer')
  await putBlob(driver, Buffer.from('layer'))
  expect((await readBlob(driver, digest)).toString()).toBe('layer')
})

test('bytes, name and folders are synced in that order before a push is over', async () => {
  const root = await temporaryFolder()
  const driver = await openFilesystemDriver(root)
  const bytes = Buffer.from('layer')
  const digest = digestOf(bytes)
  const hex = digest.slice('sha256:'.length)
  const folder = join(root, 'blobs/sha256', hex.slice(0, 2))
  const id = randomUUID()
  await upload(driver, id, bytes)
  const synced = await recordSyncs(join(folder, hex))
  await driver.finishUpload(id, digest, bytes.length)
  expect(synced).toEqual([
    { path: join(root, 'blobs'), blobIsInPlace: false },
    { path: join(root, 'blobs/sha256'), blobIsInPlace: false },
    { path: join(root, 'uploads', id), blobIsInPlace: false },
    { path: folder, blobIsInPlace: true },
  ])
})

test('a push of a blob that is there already syncs its bytes and its folder too', async () => {
  const root = await temporaryFolder()
  const driver = await openFilesystemDriver(root)
  const bytes = Buffer.from('layer')
  const digest = await putBlob(driver, bytes)
  const hex = digest.slice('sha256:'.length)
  const folder = join(root, 'blobs/sha256', hex.slice(0, 2))
  const synced = await recordSyncs(join(folder, hex))
  const id = randomUUID()
  await upload(driver, id, bytes)
  await driver.finishUpload(id, digest, bytes.length)
  expect(synced).toEqual([
    { path: join(root, 'uploads', id), blobIsInPlace: true },
    { path: folder, blobIsInPlace: true },
  ])
})

test('a write into a file changes the version of its blob, even when it sets the time back', async () => {
  const root = await temporaryFolder()
  const driver = await openFilesystemDriver(root)
  const digest = await putBlob(driver, Buffer.from('layer'))
  const hex = digest.slice('sha256:'.length)
  const path = join(root, 'blobs/sha256', hex.slice(0, 2), hex)
  const before = await driver.openBlob(digest)
  const { atime, mtime } = await stat(path)
  await vi.waitFor(async () => {
    await writeFile(path, 'lexer')
    await utimes(path, atime, mtime)
    const after = await driver.openBlob(digest)
    await after.close()
    expect(after.version).not.toBe(before.version)
  })
  await before.close()
})

test('an upload whose bytes cannot be synced is dropped, so that no retry calls them durable', async () => {
  const driver = await openFilesystemDriver(await temporaryFolder())
  const id = randomUUID()
  await upload(driver, id, Buffer.from('layer'))
  const failing = vi
    .spyOn(await fileHandlePrototype(), 'datasync')
    .mockRejectedValueOnce(
      Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'fdatasync' }),
    )
  onTestFinished(() => failing.mockRestore())
  const digest = digestOf(Buffer.from('layer'))
  await expect(driver.finishUpload(id, digest, 5)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(driver.finishUpload(id, digest, 5)).rejects.toMatchObject({
    code: 'blob_upload_unknown',
  })
  expect(await driver.findBlobSize(digest)).toBeUndefined()
})

test('a push works again after somebody has removed the empty folders', async () => {
  const root = await temporaryFolder()
  const driver = await openFilesystemDriver(root)
  const digest = await putBlob(driver, Buffer.from('layer'))
  await rm(join(root, 'blobs/sha256'), { recursive: true })
  await expect(putBlob(driver, Buffer.from('layer'))).rejects.toMatchObject({ code: 'unavailable' })
  await putBlob(driver, Buffer.from('layer'))
  expect(await driver.findBlobSize(digest)).toBe(5)
})

test('stray files are not listed', async () => {
  const root = await temporaryFolder()
  const driver = await openFilesystemDriver(root)
  await mkdir(join(root, 'blobs/sha256/ab'), { recursive: true })
  await writeFile(join(root, 'blobs/sha256/README'), '')
  await writeFile(join(root, 'blobs/sha256/ab/notes.txt'), '')
  await writeFile(join(root, 'blobs/sha256/ab', 'c'.repeat(64)), '')
  await writeFile(join(root, 'uploads/.nfs01'), '')
  expect([await collect(driver.listBlobs()), await collect(driver.listUploads())]).toEqual([[], []])
})

test('a storage folder that is gone is unavailable, not empty', async () => {
  const root = await temporaryFolder()
  const driver = await openFilesystemDriver(root)
  await rm(root, { recursive: true })
  const unavailable = { code: 'unavailable' }
  await expect(driver.openUpload(randomUUID(), 0)).rejects.toMatchObject(unavailable)
  await expect(driver.checkHealth()).rejects.toMatchObject(unavailable)
})

test('a refusal tells the reason but no path', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  const refusal = await openFilesystemDriver(join(file, 'blobs')).catch((error: Error) => error)
  expect(refusal).toMatchObject({ code: 'unavailable', cause: { code: 'ENOTDIR' } })
  expect((refusal as Error).message).not.toContain(file)
})

test('uploads go on, only slower, when all slots are taken', async () => {
  const slots: Buffer[] = []
  for (let slot = uploadSlots.take(); slot; slot = uploadSlots.take()) slots.push(slot)
  onTestFinished(() => slots.forEach((slot) => uploadSlots.give(slot)))
  const driver = await openFilesystemDriver(await temporaryFolder())
  const id = randomUUID()
  const bytes = randomBytes(1_500_000)
  await upload(driver, id, bytes.subarray(0, 100))
  await upload(driver, id, bytes.subarray(100), 100)
  expect((await readUpload(driver, id, bytes.length)).equals(bytes)).toBe(true)
})

test('every slot comes back when its upload is closed', async () => {
  const driver = await openFilesystemDriver(await temporaryFolder())
  for (let turn = 0; turn < 60; turn += 1)
    await upload(driver, randomUUID(), randomBytes(1_100_000))
  const slot = uploadSlots.take()
  expect(slot).toBeDefined()
  uploadSlots.give(slot!)
})

// Where the tests may not mount, no disk of a known size can be had; the memory driver's limit covers callers.
const mountable = canMount()

test.skipIf(!mountable)(
  'a full disk throws storage_full, and the upload gives its room back',
  async () => {
    const root = await smallDisk(4 * 1024 * 1024)
    const driver = await openFilesystemDriver(root)
    const id = randomUUID()
    const kept = randomBytes(1_000_003)
    await upload(driver, id, kept)
    const freeBytes = await freeSpace(root)
    await expect(upload(driver, id, randomBytes(6_000_000), kept.length)).rejects.toMatchObject({
      code: 'storage_full',
      message: expect.stringContaining('ENOSPC'),
    })
    expect(await freeSpace(root)).toBe(freeBytes)
    expect(await collect(driver.listUploads())).toMatchObject([{ id, sizeBytes: kept.length }])
    expect((await readUpload(driver, id, kept.length)).equals(kept)).toBe(true)
  },
)

test.skipIf(!mountable)(
  'a full disk that shows only when a sink is closed throws as well',
  async () => {
    const driver = await openFilesystemDriver(await smallDisk(256 * 1024))
    const sink = await driver.openUpload(randomUUID(), 0)
    await sink.write(randomBytes(500_000))
    await expect(sink.close()).rejects.toMatchObject({ code: 'storage_full' })
  },
)

test.skipIf(!mountable)('a copy that does not fit leaves nothing behind', async () => {
  const root = await smallDisk(1024 * 1024)
  const driver = await openFilesystemDriver(root)
  const id = randomUUID()
  await upload(driver, id, randomBytes(700_000))
  await expect(driver.copyUpload(id, `${id}-2`, 700_000)).rejects.toMatchObject({
    code: 'storage_full',
  })
  expect(await readdir(join(root, 'uploads'))).toEqual([id])
})

test.skipIf(!mountable)(
  'a full disk still serves and removes blobs, and takes pushes again after',
  async () => {
    const driver = await openFilesystemDriver(await smallDisk(1024 * 1024))
    const old = await putBlob(driver, randomBytes(700_000))
    await expect(putBlob(driver, randomBytes(700_001))).rejects.toMatchObject({
      code: 'storage_full',
    })
    expect(await readBlob(driver, old)).toHaveLength(700_000)
    await driver.removeBlob(old)
    expect(await driver.findBlobSize(await putBlob(driver, randomBytes(700_001)))).toBe(700_001)
  },
)

async function freeSpace(root: string): Promise<number> {
  const { bavail, bsize } = await statfs(root)
  return bavail * bsize
}

/** The class of all file handles; Node does not export it. */
async function fileHandlePrototype() {
  const handle = await open('/dev/null')
  await handle.close()
  return Object.getPrototypeOf(handle) as typeof handle
}

/** Fills a list with what gets synced from now on, and whether the blob had its name at that time. */
async function recordSyncs(blob: string) {
  const synced: { path: string; blobIsInPlace: boolean }[] = []
  const prototype = await fileHandlePrototype()
  for (const method of ['sync', 'datasync'] as const) {
    const original = prototype[method]
    const spy = vi.spyOn(prototype, method).mockImplementation(async function (
      this: typeof prototype,
    ) {
      const blobIsInPlace = statSync(blob, { throwIfNoEntry: false }) !== undefined
      synced.push({ path: readlinkSync(`/proc/self/fd/${this.fd}`), blobIsInPlace })
      await original.call(this)
    })
    onTestFinished(() => spy.mockRestore())
  }
  return synced
}

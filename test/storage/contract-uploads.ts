import { randomBytes, randomUUID } from 'node:crypto'

import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import type { BlobDriver } from '#storage/driver.ts'
import { readUpload, upload, uploadSize } from './bytes.ts'

/** Declares the tests of uploads that every blob driver passes. */
export function describeUploads(open: () => Promise<BlobDriver>) {
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

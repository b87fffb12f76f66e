import { randomUUID } from 'node:crypto'

import { digestOf, type Digest } from '#domain/digest.ts'
import type { BlobDriver } from '#storage/driver.ts'

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
export async function uploadSize(driver: BlobDriver, id: string): Promise<number | undefined> {
  return (await collect(driver.listUploads())).find((each) => each.id === id)?.sizeBytes
}

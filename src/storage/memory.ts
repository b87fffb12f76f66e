import type { Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import type { BlobDriver, BlobReader, UploadSink } from './driver.ts'
import { checkUploadId, unknownBlob, unknownUpload, wrongUploadSize } from './upload-id.ts'

/** Blobs in memory, for tests: gone with the process. `limitBytes` plays a disk of that size that gets full. */
export function openMemoryDriver({ limitBytes = Infinity } = {}): BlobDriver {
  const blobs = new Map<Digest, Buffer>()
  const uploads = new Map<string, Buffer>()

  function bytesOf(id: string, length: number): Buffer {
    const bytes = uploads.get(checkUploadId(id))
    if (!bytes || bytes.length < length) throw unknownUpload(id)
    return bytes.subarray(0, length)
  }
  function keep(id: string, bytes: Buffer): void {
    const others = [...blobs.values(), ...uploads.values()].reduce(
      (sum, { length }) => sum + length,
      0,
    )
    if (others - (uploads.get(id)?.length ?? 0) + bytes.length > limitBytes)
      throw new RegistryError('storage_full', `the memory for blobs holds ${limitBytes} bytes`)
    uploads.set(id, bytes)
  }

  return {
    async openUpload(id, offset) {
      const start = offset === 0 ? Buffer.alloc(0) : bytesOf(id, offset)
      uploads.set(checkUploadId(id), start)
      return memorySink(start, (bytes) => keep(id, bytes))
    },
    async *readUpload(id, length) {
      yield bytesOf(id, length)
    },
    async copyUpload(id, copyId, length) {
      keep(checkUploadId(copyId), bytesOf(id, length))
    },
    async finishUpload(id, digest, sizeBytes) {
      const bytes = uploads.get(checkUploadId(id))
      if (!bytes) throw unknownUpload(id)
      if (bytes.length !== sizeBytes) throw wrongUploadSize(id, bytes.length, sizeBytes)
      if (!blobs.has(digest)) blobs.set(digest, bytes)
      uploads.delete(id)
    },
    async removeUpload(id) {
      uploads.delete(checkUploadId(id))
    },
    async findBlobSize(digest) {
      return blobs.get(digest)?.length
    },
    async openBlob(digest) {
      const bytes = blobs.get(digest)
      if (!bytes) throw unknownBlob(digest)
      return memoryReader(bytes)
    },
    async removeBlob(digest) {
      blobs.delete(digest)
    },
    async *listBlobs() {
      for (const [digest, { length }] of blobs) yield { digest, sizeBytes: length }
    },
    async *listUploads() {
      for (const [id, { length }] of uploads) yield { id, sizeBytes: length }
    },
    async checkHealth() {},
  }
}

/** Hands everything over when it is closed. A sink that ran out of room keeps nothing. */
function memorySink(start: Buffer, keep: (bytes: Buffer) => void): UploadSink {
  const chunks = [start]
  let closing: Promise<void> | undefined
  return {
    async write(chunk) {
      chunks.push(Buffer.from(chunk))
    },
    close() {
      closing ??= (async () => keep(Buffer.concat(chunks)))()
      return closing
    },
  }
}

function memoryReader(bytes: Buffer): BlobReader {
  return {
    sizeBytes: bytes.length,
    async read(target, position) {
      const part = bytes.subarray(position, position + target.byteLength)
      target.set(part)
      return part.length
    },
    async close() {},
  }
}

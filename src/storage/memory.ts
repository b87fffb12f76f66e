import type { Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import type { BlobDriver, BlobReader, UploadSink } from './driver.ts'
import { checkUploadId, unknownBlob, unknownUpload, wrongUploadSize } from './upload-id.ts'

/** Blobs in memory, for tests: gone with the process. `limitBytes` plays a disk of that size that gets full. */
export function openMemoryDriver({ limitBytes = Infinity } = {}): BlobDriver {
  const blobs = new Map<Digest, { bytes: Buffer; version: string }>()
  const uploads = new Map<string, Buffer>()
  let versions = 0

  function bytesOf(id: string, length: number): Buffer {
    const bytes = uploads.get(checkUploadId(id))
    if (!bytes || bytes.length < length) throw unknownUpload(id)
    return bytes.subarray(0, length)
  }
  function keep(id: string, bytes: Buffer): void {
    const kept = [...[...blobs.values()].map((blob) => blob.bytes), ...uploads.values()]
    const others = kept.reduce((sum, { length }) => sum + length, 0)
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
      blobs.set(digest, { bytes, version: String((versions += 1)) })
      uploads.delete(id)
    },
    async removeUpload(id) {
      uploads.delete(checkUploadId(id))
    },
    async findUploadSize(id) {
      return uploads.get(checkUploadId(id))?.length
    },
    async findBlobSize(digest) {
      return blobs.get(digest)?.bytes.length
    },
    async openBlob(digest) {
      const blob = blobs.get(digest)
      if (!blob) throw unknownBlob(digest)
      return memoryReader(blob)
    },
    async removeBlob(digest) {
      blobs.delete(digest)
    },
    async *listBlobs() {
      for (const [digest, { bytes }] of [...blobs].toSorted(byKey))
        yield { digest, sizeBytes: bytes.length, changedAt: new Date() }
    },
    async *listUploads() {
      for (const [id, { length }] of [...uploads].toSorted(byKey))
        yield { id, sizeBytes: length, changedAt: new Date() }
    },
    async checkHealth() {},
  }
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1)

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

function memoryReader({ bytes, version }: { bytes: Buffer; version: string }): BlobReader {
  return {
    sizeBytes: bytes.length,
    version,
    async read(target, position) {
      const part = bytes.subarray(position, position + target.byteLength)
      target.set(part)
      return part.length
    },
    async close() {},
  }
}

import { createHash } from 'node:crypto'

import { algorithmOf, hashDigest, type Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import type { BlobDriver } from '#storage/driver.ts'

const bufferBytes = 512 * 1024

/** What the storage really holds under a digest. */
export interface StoredBytes {
  digest: Digest
  sizeBytes: number
}

/**
 * Reads the bytes of a blob and gives their digest and size; undefined when they are not here. `onRead` hears how many
 * bytes were read at a time.
 */
export async function hashBlob(
  blobs: BlobDriver,
  digest: Digest,
  onRead: (bytes: number) => void = () => undefined,
): Promise<StoredBytes | undefined> {
  const reader = await openIfThere(blobs, digest)
  if (!reader) return undefined
  const algorithm = algorithmOf(digest)
  const hash = createHash(algorithm)
  const buffer = Buffer.allocUnsafeSlow(bufferBytes)
  let sizeBytes = 0
  try {
    for (;;) {
      const count = await reader.read(buffer, sizeBytes)
      if (count === 0) return { digest: hashDigest(algorithm, hash), sizeBytes }
      hash.update(buffer.subarray(0, count))
      sizeBytes += count
      onRead(count)
    }
  } finally {
    await reader.close()
  }
}

async function openIfThere(blobs: BlobDriver, digest: Digest) {
  try {
    return await blobs.openBlob(digest)
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'blob_unknown') return undefined
    throw error
  }
}

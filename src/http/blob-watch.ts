import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

import { algorithmOf, hashDigest, type Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import type { BlobReader } from '#storage/driver.ts'
import type { TransferCheck } from '#storage/pump.ts'

/** Looks at blobs on their way out (ADR 0018). */
export interface BlobWatch {
  /**
   * Hashes a whole blob while it is sent; undefined when these very bytes were found good within the hour. Its
   * `finish` throws `blob_unknown` when the bytes are others.
   */
  check(digest: Digest, reader: BlobReader): TransferCheck | undefined
  /** Reports that the bytes of a blob cannot be right, and gives what to throw. */
  doubt(digest: Digest, version: string): RegistryError
}

const hourMs = 3_600_000

/**
 * Hashing every transfer would cost twice the transfer itself, so bytes that were found good are believed for an hour,
 * as long as the storage says that nobody has written to them. `onDoubt` has the blob looked at again.
 */
export function openBlobWatch(onDoubt: (digest: Digest, version: string) => unknown): BlobWatch {
  const good = new LRUCache<Digest, string>({ max: 20_000, ttl: hourMs })
  const watch: BlobWatch = {
    check(digest, { version }) {
      if (good.get(digest) === version) return undefined
      const algorithm = algorithmOf(digest)
      const hash = createHash(algorithm)
      return {
        update: (bytes) => void hash.update(bytes),
        finish() {
          if (hashDigest(algorithm, hash) !== digest) throw watch.doubt(digest, version)
          good.set(digest, version)
        },
      }
    },
    doubt(digest, version) {
      onDoubt(digest, version)
      return damagedBlob(digest)
    },
  }
  return watch
}

function damagedBlob(digest: Digest): RegistryError {
  return new RegistryError(
    'blob_unknown',
    `the bytes of blob ${digest} are damaged or missing in the storage: push the blob again`,
  )
}

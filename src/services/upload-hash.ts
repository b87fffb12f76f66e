import { createHash, type Hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

import { hashDigest, type Digest, type DigestAlgorithm } from '#domain/digest.ts'
import type { BlobDriver } from '#storage/driver.ts'

/** A running hash over the first `bytes` bytes of an upload. */
export interface RunningHash {
  algorithm: DigestAlgorithm
  bytes: number
  hash: Hash
}

/**
 * Running hashes of open uploads, so that finishing one need not read it again. They are a short cut, never
 * the truth: an upload that goes on in another process is hashed again from its stored bytes.
 */
const running = new LRUCache<string, RunningHash>({ max: 2_000 })

/** Says which algorithm an upload will be hashed with, before its first byte. */
export function beginHash(key: string, algorithm: DigestAlgorithm): void {
  running.set(key, { algorithm, bytes: 0, hash: createHash(algorithm) })
}

/** Takes the hash of an upload's first `bytes` bytes out of the memory, or makes it from the stored bytes. */
export async function takeHash(
  blobs: BlobDriver,
  upload: { key: string; bytes: number; algorithm: DigestAlgorithm },
): Promise<RunningHash> {
  const known = running.get(upload.key)
  running.delete(upload.key)
  if (known && known.bytes === upload.bytes && known.algorithm === upload.algorithm) return known
  const hash = createHash(upload.algorithm)
  if (upload.bytes > 0)
    for await (const chunk of blobs.readUpload(upload.key, upload.bytes)) hash.update(chunk)
  return { algorithm: upload.algorithm, bytes: upload.bytes, hash }
}

/** Which algorithm an upload has been hashed with so far. */
export function knownAlgorithm(key: string): DigestAlgorithm | undefined {
  return running.get(key)?.algorithm
}

/** Keeps a running hash for the next chunk. */
export function keepHash(key: string, hash: RunningHash): void {
  running.set(key, hash)
}

/** The digest of what was hashed. */
export function finishHash({ algorithm, hash }: RunningHash): Digest {
  return hashDigest(algorithm, hash)
}

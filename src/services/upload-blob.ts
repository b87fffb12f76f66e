import { randomUUID } from 'node:crypto'

import { algorithmOf, type Digest, type DigestAlgorithm } from '#domain/digest.ts'
import type { UploadSource } from '#domain/content.ts'
import { RegistryError } from '#domain/errors.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { NewRepositoryTarget, RepositoryTarget } from '#domain/target.ts'
import { insertBlob } from '#store/blob.ts'
import { transact } from '#store/db.ts'
import { holdRepository } from '#store/repository.ts'
import { deleteLeasedUpload } from '#store/upload-lease.ts'
import { findUpload, insertUpload } from '#store/upload.ts'
import type { Deps } from '#deps.ts'
import { appendTo, type Chunk } from './append-chunk.ts'
import { endUpload } from './end-upload.ts'
import { ensureRepository } from './ensure-repository.ts'
import { awaitRemoval, removeOrphan } from './remove-orphan.ts'
import { beginHash, finishHash, takeHash } from './upload-hash.ts'
import {
  holdUpload,
  storageKey,
  type HeldUpload,
  type UploadOf,
  takenOver,
} from './upload-lease.ts'

/** A blob is safe from collection for so long after it was pushed, mounted or found by a push. */
export const blobLeaseMs = 24 * 3_600_000

/** Who uploads where. */
export interface NewUpload {
  target: RepositoryTarget | NewRepositoryTarget
  actor: KnownActor
  /** Of the digest that will end the upload, when the client has said so. */
  algorithm?: DigestAlgorithm | undefined
}

/** Begins an upload; makes the repository when it is not there yet. Its row exists before its first byte. */
export async function startUpload(
  deps: Deps,
  { target, actor, algorithm }: NewUpload,
): Promise<UploadOf> {
  const at = deps.clock.now()
  const id = randomUUID()
  if (algorithm) beginHash(storageKey({ id, generation: 0 }), algorithm)
  return transact(deps.db, async (tx) => {
    const repository = await ensureRepository(tx, deps, { target, actor })
    await insertUpload(tx, {
      id,
      repositoryId: repository.id,
      at,
      expiresAt: new Date(at.getTime() + deps.config.UPLOAD_EXPIRATION * 1000),
    })
    return { id, repositoryId: repository.id }
  })
}

/**
 * A whole blob in one request. Nothing of it is kept when it fails: the client has no address to go on at.
 * Throws what `finishUpload` throws.
 */
export async function pushBlob(
  deps: Deps,
  upload: NewUpload,
  { digest, source }: { digest: Digest; source: UploadSource },
): Promise<void> {
  const started = await startUpload(deps, upload)
  let isKept = false
  try {
    await finishUpload(deps, started, { digest, chunk: { source, range: undefined } })
    isKept = true
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'blob_upload_busy') throw error
    // Nobody else knows this upload: only a stall of this process can have let its lease run out.
    throw new RegistryError('unavailable', 'the registry stalled under this push: send it again', {
      cause: error,
    })
  } finally {
    const left = isKept
      ? undefined
      : await findUpload(deps.db, { ...started, at: deps.clock.now() })
    if (left) await endUpload(deps, left)
  }
}

/**
 * Ends an upload, with a last chunk or without: verifies the digest, makes the bytes durable, and only then
 * writes the rows that name them. Throws `digest_invalid` (the upload is then gone) and what `appendTo` throws.
 */
export async function finishUpload(
  deps: Deps,
  wanted: UploadOf,
  { digest, chunk }: { digest: Digest; chunk: Chunk | undefined },
): Promise<void> {
  const held = await holdUpload(deps, wanted, digest)
  const sizeBytes = chunk
    ? await appendTo(deps, held, chunk, algorithmOf(digest))
    : held.upload.offsetBytes
  try {
    await demandDigest(deps, held, { digest, sizeBytes })
    await keepBlob(deps, held, { digest, sizeBytes })
  } catch (error) {
    await held.giveUp(sizeBytes)
    throw error
  } finally {
    held.end()
  }
}

/** What a finished upload becomes. */
interface FinishedBlob {
  digest: Digest
  sizeBytes: number
}

async function demandDigest(
  deps: Deps,
  held: HeldUpload,
  { digest, sizeBytes }: FinishedBlob,
): Promise<void> {
  const algorithm = algorithmOf(digest)
  const found = finishHash(
    await takeHash(deps.blobs, { key: held.key, bytes: sizeBytes, algorithm }),
  )
  if (found === digest) return
  await removeUpload(deps, held)
  throw new RegistryError(
    'digest_invalid',
    `the ${sizeBytes} bytes sent have the digest ${found}, not ${digest}: begin the upload again`,
  )
}

/** Makes the bytes of an upload a blob, and its repository hold it. The order is that of ADR 0018. */
async function keepBlob(deps: Deps, held: HeldUpload, blob: FinishedBlob): Promise<void> {
  // Makes an empty file, and cuts off what a refused chunk has left beyond the kept bytes.
  await (await deps.blobs.openUpload(held.key, blob.sizeBytes)).close()
  await awaitRemoval(deps, blob.digest)
  held.demandHeld()
  try {
    await deps.blobs.finishUpload(held.key, blob.digest, blob.sizeBytes)
    // A removal that came after us lets go as soon as it sees us.
    while (!(await nameBlob(deps, held, blob))) await awaitRemoval(deps, blob.digest)
  } catch (error) {
    await abandon(deps, held, blob.digest)
    throw error
  }
}

/**
 * Writes the rows of a blob; false while somebody means to remove its bytes. Throws when the lease was lost: then others
 * may have taken the bytes for nobody's.
 */
async function nameBlob(
  { db, clock }: Deps,
  { upload: { id, repositoryId }, token }: HeldUpload,
  { digest, sizeBytes }: FinishedBlob,
): Promise<boolean> {
  const at = clock.now()
  return transact(db, async (tx) => {
    if (!(await holdRepository(tx, repositoryId)))
      throw new RegistryError('name_unknown', 'the repository was deleted a moment ago')
    const leasedUntil = new Date(at.getTime() + blobLeaseMs)
    const isNamed = await insertBlob(tx, { repositoryId, digest, sizeBytes, leasedUntil, at })
    if (isNamed && !(await deleteLeasedUpload(tx, { id, token }))) throw takenOver()
    return isNamed
  })
}

/**
 * After bytes may have been put under a digest that no row came to name: they go, and the upload, which has lost them,
 * with them. When that fails too, the upload's row still says where they may lie, and the clean-up job does it.
 */
async function abandon(deps: Deps, { upload, key, token }: HeldUpload, digest: Digest) {
  try {
    await removeOrphan(deps, digest, token)
    const isOurs = await deleteLeasedUpload(deps.db, { id: upload.id, token })
    if (isOurs) await deps.blobs.removeUpload(key)
  } catch (error) {
    deps.log.warn({ err: error, digest }, 'a failed push is left to the clean-up job')
  }
}

/** Cancels an upload and removes its bytes. Throws `blob_upload_unknown` or `blob_upload_busy`. */
export async function cancelUpload(deps: Deps, wanted: UploadOf): Promise<void> {
  const held = await holdUpload(deps, wanted)
  try {
    await removeUpload(deps, held)
  } catch (error) {
    await held.giveUp(held.upload.offsetBytes)
    throw error
  } finally {
    held.end()
  }
}

/**
 * Rows go before bytes, and what a finish that failed may have put under a digest before the row that tells of it. An
 * upload that another request has taken over is that one's now.
 */
async function removeUpload(deps: Deps, { upload, key, token }: HeldUpload): Promise<void> {
  if (upload.finishingDigest) await removeOrphan(deps, upload.finishingDigest, token)
  if (!(await deleteLeasedUpload(deps.db, { id: upload.id, token }))) throw takenOver()
  await deps.blobs.removeUpload(key)
}

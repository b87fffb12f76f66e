import { randomUUID } from 'node:crypto'

import { algorithmOf, type Digest, type DigestAlgorithm } from '#domain/digest.ts'
import type { UploadSource } from '#domain/content.ts'
import { RegistryError } from '#domain/errors.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { ChunkRange } from '#domain/range.ts'
import type { NewRepositoryTarget, RepositoryTarget } from '#domain/target.ts'
import { insertBlob } from '#store/blob.ts'
import { transact } from '#store/db.ts'
import { holdRepository } from '#store/repository.ts'
import {
  deleteLeasedUpload,
  deleteUpload,
  findUpload,
  insertUpload,
  type Upload,
} from '#store/upload.ts'
import type { Deps } from '#deps.ts'
import { ensureRepository } from './ensure-repository.ts'
import { finishHash, keepHash, knownAlgorithm, takeHash } from './upload-hash.ts'
import { holdUpload, unknownUpload, type HeldUpload } from './upload-lease.ts'

/** A blob is safe from collection for so long after it was pushed, mounted or found by a push. */
export const blobLeaseMs = 24 * 3_600_000

/** Begins an upload; makes the repository when it is not there yet. Its row exists before its first byte. */
export async function startUpload(
  deps: Deps,
  { target, actor }: { target: RepositoryTarget | NewRepositoryTarget; actor: KnownActor },
): Promise<{ id: string; repositoryId: number }> {
  const at = deps.clock.now()
  const id = randomUUID()
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

/** An upload of a repository. */
export interface UploadOf {
  id: string
  repositoryId: number
}

/** Finds an upload. Throws `blob_upload_unknown`. */
export async function getUpload({ db, clock }: Deps, wanted: UploadOf): Promise<Upload> {
  const upload = isUuid(wanted.id)
    ? await findUpload(db, { ...wanted, at: clock.now() })
    : undefined
  if (!upload) throw unknownUpload()
  return upload
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}

/** A chunk and where the client says it belongs; without a range it is appended. */
export interface Chunk {
  source: UploadSource
  range: ChunkRange | undefined
}

/**
 * Appends a chunk and gives the number of bytes that are kept now. What a client that breaks off has sent is
 * kept too, to be resumed. Throws `range_invalid` for a chunk out of order, `size_invalid`, and what
 * `holdUpload` throws.
 */
export async function appendChunk(
  deps: Deps,
  wanted: UploadOf,
  chunk: Chunk,
  algorithm?: DigestAlgorithm,
): Promise<number> {
  await getUpload(deps, wanted)
  const held = await holdUpload(deps, wanted)
  return write(deps, held, chunk, algorithm ?? knownAlgorithm(held.key) ?? 'sha256')
}

async function write(
  { blobs }: Deps,
  held: HeldUpload,
  { source, range }: Chunk,
  algorithm: DigestAlgorithm,
): Promise<number> {
  const { offsetBytes } = held.upload
  try {
    demandFit(held.upload, range, source.lengthBytes)
  } catch (error) {
    await held.release(offsetBytes)
    throw error
  }
  const { keptBytes, failure } = await transfer()
  await held.release(keptBytes)
  if (failure) throw failure
  if (range && keptBytes - offsetBytes !== range.end - range.start + 1)
    throw new RegistryError(
      'size_invalid',
      `the range says ${range.end - range.start + 1} bytes, the body had ${keptBytes - offsetBytes}`,
    )
  return keptBytes

  /** Moves the body into the storage; says how many bytes are there, even when it fails on the way. */
  async function transfer(): Promise<{ keptBytes: number; failure: unknown }> {
    let written = 0
    let failure: unknown
    try {
      const hash = await takeHash(blobs, { key: held.key, bytes: offsetBytes, algorithm })
      const sink = await blobs.openUpload(held.key, offsetBytes)
      try {
        await source.into(async (bytes) => {
          held.demandHeld()
          await sink.write(bytes)
          hash.hash.update(bytes)
          written += bytes.length
        })
      } catch (error) {
        failure = error
      }
      await sink.close()
      hash.bytes = offsetBytes + written
      keepHash(held.key, hash)
    } catch (error) {
      // The storage has put the upload back to where it was.
      return { keptBytes: offsetBytes, failure: failure ?? error }
    }
    const isStorageFault = failure instanceof RegistryError && failure.status === 503
    return { keptBytes: isStorageFault ? offsetBytes : offsetBytes + written, failure }
  }
}

function demandFit(
  upload: Upload,
  range: ChunkRange | undefined,
  lengthBytes: number | undefined,
): void {
  if (range && range.start !== upload.offsetBytes)
    throw new RegistryError(
      'range_invalid',
      `the upload has ${upload.offsetBytes} bytes: the next chunk must start there, not at ${range.start}`,
      { extra: { offset: upload.offsetBytes } },
    )
  if (range && lengthBytes !== undefined && lengthBytes !== range.end - range.start + 1)
    throw new RegistryError(
      'size_invalid',
      `the range says ${range.end - range.start + 1} bytes, Content-Length ${lengthBytes}`,
    )
}

/**
 * Ends an upload, with a last chunk or without: verifies the digest, makes the bytes durable, and only then
 * writes the rows that name them. Throws `digest_invalid` (the upload is then gone) and what `appendChunk` throws.
 */
export async function finishUpload(
  deps: Deps,
  wanted: UploadOf,
  { digest, chunk }: { digest: Digest; chunk: Chunk | undefined },
): Promise<void> {
  if (chunk) await appendChunk(deps, wanted, chunk, algorithmOf(digest))
  else await getUpload(deps, wanted)
  const { blobs, db, clock } = deps
  const held = await holdUpload(deps, wanted)
  const sizeBytes = held.upload.offsetBytes
  try {
    const found = finishHash(
      await takeHash(blobs, { key: held.key, bytes: sizeBytes, algorithm: algorithmOf(digest) }),
    )
    if (found !== digest) {
      await discard(deps, held)
      throw new RegistryError(
        'digest_invalid',
        `the ${sizeBytes} bytes sent have the digest ${found}, not ${digest}`,
      )
    }
    if (sizeBytes === 0) await (await blobs.openUpload(held.key, 0)).close()
    held.demandHeld()
    await blobs.finishUpload(held.key, digest, sizeBytes)
    const at = clock.now()
    await transact(db, async (tx) => {
      if (!(await holdRepository(tx, wanted.repositoryId)))
        throw new RegistryError('name_unknown', 'the repository was deleted a moment ago')
      await insertBlob(tx, {
        repositoryId: wanted.repositoryId,
        digest,
        sizeBytes,
        leasedUntil: new Date(at.getTime() + blobLeaseMs),
        at,
      })
      await deleteLeasedUpload(tx, { id: wanted.id, token: held.token })
    })
  } catch (error) {
    await held.release(sizeBytes).catch(() => undefined)
    throw error
  } finally {
    held.end()
  }
}

/** Cancels an upload and removes its bytes. Throws `blob_upload_unknown` or `blob_upload_busy`. */
export async function cancelUpload(deps: Deps, wanted: UploadOf): Promise<void> {
  await getUpload(deps, wanted)
  const held = await holdUpload(deps, wanted)
  held.end()
  await discard(deps, held)
}

/** Rows go before bytes. */
async function discard({ db, blobs }: Deps, held: HeldUpload): Promise<void> {
  await deleteUpload(db, held.upload.id)
  await blobs.removeUpload(held.key)
}

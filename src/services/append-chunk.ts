import type { UploadSource } from '#domain/content.ts'
import type { DigestAlgorithm } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import type { ChunkRange } from '#domain/range.ts'
import type { Upload } from '#store/upload.ts'
import type { Deps } from '#deps.ts'
import { keepHash, knownAlgorithm, takeHash } from './upload-hash.ts'
import { holdUpload, type HeldUpload, type UploadOf } from './upload-lease.ts'

/** A chunk and where the client says it belongs; without a range it is appended. */
export interface Chunk {
  source: UploadSource
  range: ChunkRange | undefined
}

/** Appends a chunk to an upload and gives the number of bytes that are kept now. Throws what `appendTo` and `holdUpload` throw. */
export async function appendChunk(deps: Deps, wanted: UploadOf, chunk: Chunk): Promise<number> {
  const held = await holdUpload(deps, wanted)
  const keptBytes = await appendTo(deps, held, chunk, knownAlgorithm(held.key) ?? 'sha256')
  await held.release(keptBytes)
  return keptBytes
}

/**
 * Appends a chunk to a held upload and gives the number of bytes that it has then. Throws `range_invalid` for
 * a chunk out of order, `size_invalid` or `payload_too_large`, and the upload is as it was; of a client that
 * breaks off, what has come is kept, to be resumed. The lease ends with a failure.
 */
export async function appendTo(
  deps: Deps,
  held: HeldUpload,
  chunk: Chunk,
  algorithm: DigestAlgorithm,
): Promise<number> {
  const maxBytes = deps.config.MAXIMUM_LAYER_SIZE
  const misfit = findMisfit(held.upload, chunk, maxBytes)
  const { keptBytes, failure } = misfit
    ? { keptBytes: held.upload.offsetBytes, failure: misfit }
    : await transfer(deps, held, { chunk, maxBytes, algorithm })
  if (!failure) return keptBytes
  await held.release(keptBytes)
  throw failure
}

/** Why a chunk cannot be appended, as far as its head tells. */
function findMisfit(
  { offsetBytes }: Upload,
  { source: { lengthBytes }, range }: Chunk,
  maxBytes: number,
): RegistryError | undefined {
  if (range && range.start !== offsetBytes)
    return new RegistryError(
      'range_invalid',
      `the upload has ${offsetBytes} bytes: the next chunk must start there, not at ${range.start}`,
      { extra: { offset: offsetBytes } },
    )
  if (range && lengthBytes !== undefined && lengthBytes !== lengthOf(range))
    return wrongLength(range, lengthBytes)
  const addedBytes = lengthBytes ?? (range ? lengthOf(range) : 0)
  return offsetBytes + addedBytes > maxBytes ? tooLarge(maxBytes) : undefined
}

const lengthOf = (range: ChunkRange) => range.end - range.start + 1

function wrongLength(range: ChunkRange, bytes: number): RegistryError {
  return new RegistryError(
    'size_invalid',
    `the range says ${lengthOf(range)} bytes, the body has ${bytes}: send the chunk again`,
  )
}

function tooLarge(maxBytes: number): RegistryError {
  return new RegistryError('payload_too_large', `a blob may have ${maxBytes} bytes at most`)
}

/** Moves a chunk into the storage, and says how many bytes of the upload are kept, even when it fails on the way. */
async function transfer(
  { blobs }: Deps,
  held: HeldUpload,
  { chunk, algorithm, maxBytes }: { chunk: Chunk; algorithm: DigestAlgorithm; maxBytes: number },
): Promise<{ keptBytes: number; failure: unknown }> {
  const { offsetBytes } = held.upload
  let endBytes = offsetBytes
  let failure: unknown
  try {
    const hash = await takeHash(blobs, { key: held.key, bytes: offsetBytes, algorithm })
    const sink = await blobs.openUpload(held.key, offsetBytes)
    try {
      await chunk.source.into(async (bytes) => {
        held.demandHeld()
        if (endBytes + bytes.length > maxBytes) throw tooLarge(maxBytes)
        await sink.write(bytes)
        hash.hash.update(bytes)
        endBytes += bytes.length
      })
    } catch (error) {
      failure = error
    }
    await sink.close()
    keepHash(held.key, { ...hash, bytes: endBytes })
  } catch (error) {
    // The storage has put the upload back to where it was.
    return { keptBytes: offsetBytes, failure: failure ?? error }
  }
  if (failure) return { keptBytes: isBrokenOff(failure) ? endBytes : offsetBytes, failure }
  if (chunk.range && endBytes !== chunk.range.end + 1)
    return { keptBytes: offsetBytes, failure: wrongLength(chunk.range, endBytes - offsetBytes) }
  return { keptBytes: endBytes, failure: undefined }
}

/** True when the client ended the transfer, and not a rule or the storage: it can go on from there. */
function isBrokenOff(failure: unknown): boolean {
  return (
    failure instanceof RegistryError &&
    (failure.code === 'size_invalid' || failure.code === 'request_timeout')
  )
}

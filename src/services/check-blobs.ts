import type { Digest } from '#domain/digest.ts'
import { findBlobRow, findHolders, isOwned, listBlobRows, type BlobRow } from '#store/check.ts'
import type { StoredBlob } from '#storage/driver.ts'
import type { CheckDeps, CheckOptions } from './check-storage.ts'
import { hashBlob } from './hash-blob.ts'
import { pages, pairs } from './pages.ts'

/** A removal takes as long as unlinking a file; one that lasts longer was left by a process that died. */
const longRemovalMs = 3_600_000

/** Bytes and rows of blobs side by side, in byte order of their digests: two sorted walks, nothing is collected. */
export function compareBlobs({
  db,
  blobs,
}: CheckDeps): AsyncGenerator<{ left?: StoredBlob; right?: BlobRow }> {
  const rows = pages<BlobRow>((last, limit) =>
    listBlobRows(db, { after: last?.digest ?? '', limit }),
  )
  const digest = (item: { digest: Digest }) => item.digest
  return pairs(blobs.listBlobs(), rows, { left: digest, right: digest })
}

/** Checks that every row has its bytes and all bytes have a row. */
export async function* checkBlobs(deps: CheckDeps, options: CheckOptions): AsyncGenerator<string> {
  for await (const { left: file, right: row } of compareBlobs(deps)) {
    const digest = (row ?? file)!.digest
    if (row === undefined) {
      if (await isOrphan(deps, digest, options.at()))
        yield `orphaned bytes: no row names ${digest} (${file!.sizeBytes} bytes)`
    } else if (row.removingSince !== null) {
      if (row.removingSince.getTime() < options.at().getTime() - longRemovalMs)
        yield `unfinished removal: ${digest}, begun ${row.removingSince.toISOString()}`
    } else yield* checkBytes(deps, options, row)
  }
}

/** What was seen a moment ago may have been a push or a removal under way: only what holds at a second look counts. */
async function isOrphan({ db, blobs }: CheckDeps, digest: Digest, at: Date): Promise<boolean> {
  if (await isOwned(db, { digest, at })) return false
  return (await blobs.findBlobSize(digest)) !== undefined
}

async function* checkBytes(
  deps: CheckDeps,
  options: CheckOptions,
  row: BlobRow,
): AsyncGenerator<string> {
  const fault =
    (await findFault(deps, row, () => deps.blobs.findBlobSize(row.digest), describeSize)) ??
    (options.deep
      ? await findFault(
          deps,
          row,
          () => hashBlob(deps.blobs, row.digest, options.onRead),
          (found) => describeSize(found?.sizeBytes, row) ?? describeDigest(found?.digest, row),
        )
      : undefined)
  if (fault !== undefined) yield `${fault}${await holders(deps, row)}`
  else if (row.damagedAt !== null)
    yield `damaged: the bytes of ${row.digest} were bad on ${row.damagedAt.toISOString()}: push it again${await holders(deps, row)}`
}

/**
 * Looks twice when the first look finds a fault, with the row in between: it must be the same one, untouched, or a push
 * or a removal has been at work meanwhile.
 */
async function findFault<T>(
  { db }: CheckDeps,
  row: BlobRow,
  look: () => Promise<T>,
  describe: (found: T, row: BlobRow) => string | undefined,
): Promise<string | undefined> {
  if (describe(await look(), row) === undefined) return undefined
  const now = await findBlobRow(db, row.digest)
  if (!now || now.removingSince !== null) return undefined
  const fault = describe(await look(), now)
  const later = await findBlobRow(db, row.digest)
  const isSame = later?.id === now.id && later.generation === now.generation
  return isSame && later.removingSince === null ? fault : undefined
}

function describeSize(sizeBytes: number | undefined, row: BlobRow): string | undefined {
  if (sizeBytes === undefined) return `missing bytes: ${row.digest} (${row.sizeBytes} bytes)`
  if (sizeBytes === row.sizeBytes) return undefined
  return `wrong size: ${row.digest} has ${sizeBytes} bytes instead of ${row.sizeBytes}`
}

function describeDigest(digest: Digest | undefined, row: BlobRow): string | undefined {
  return digest === row.digest
    ? undefined
    : `wrong digest: the bytes of ${row.digest} have the digest ${digest}`
}

async function holders({ db }: CheckDeps, row: BlobRow): Promise<string> {
  const { first, count } = await findHolders(db, row.id)
  if (first === null) return ', held by no repository'
  return `, held by ${first}${count > 1 ? ` and ${count - 1} more` : ''}`
}

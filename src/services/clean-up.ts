import { deleteExpiredRefreshTokens } from '#store/refresh-token.ts'
import { deleteExpiredSessions } from '#store/session.ts'
import { releaseAllRemovals } from '#store/blob-removal.ts'
import type { Db } from '#store/db.ts'
import { releaseAllUploads } from '#store/upload-lease.ts'
import { listBrokenFinishes, listExpiredUploads, type Upload } from '#store/upload.ts'
import type { Deps } from '#deps.ts'
import { compareBlobs } from './check-blobs.ts'
import { listLeftovers } from './check-uploads.ts'
import { endUpload, mendBrokenFinish } from './end-upload.ts'
import { endStalledRemovals, removeOrphan } from './remove-orphan.ts'

type CleanUpDeps = Pick<Deps, 'db' | 'blobs' | 'clock' | 'log'>

const batch = 100

/** What a clean-up has removed. */
export interface Removed {
  uploads: number
  orphanedUploads: number
  orphanedBlobs: number
}

/** Bytes that no row names are left alone for so long, should they belong to a database that is not this one. */
export const orphanGraceSeconds = 3_600

/**
 * Removes what has run out (uploads with their bytes, sessions, refresh tokens) and what crashes have left behind.
 * `withWalk` looks for bytes of blobs that no row names in the whole storage; without it, only where rows of uploads
 * say that they may lie, which is everywhere that a crash of ours can leave them.
 */
export async function cleanUp(
  deps: CleanUpDeps,
  { graceSeconds = orphanGraceSeconds, withWalk = false } = {},
): Promise<Removed> {
  const { db, clock, log } = deps
  const at = clock.now()
  const before = new Date(at.getTime() - graceSeconds * 1000)
  const removed = {
    uploads: await eachInBatches(
      () => listExpiredUploads(db, { at, limit: batch }),
      (upload) => endUpload(deps, upload),
    ),
    orphanedUploads: await removeLeftovers(deps, before),
    orphanedBlobs: 0,
  }
  await eachInBatches(
    () => listBrokenFinishes(db, { at, limit: batch }),
    (upload) => mendBrokenFinish(deps, upload),
  )
  await endStalledRemovals(deps)
  if (withWalk) removed.orphanedBlobs = await removeOrphanedBlobs(deps, before)
  if (Object.values(removed).some((count) => count > 0))
    log.info(removed, 'the storage was cleaned up')
  await deleteExpiredSessions(db, at)
  await deleteExpiredRefreshTokens(db, at)
  return removed
}

/** Ends what others hold: only for the one process that owns the database, when it begins. They died with the last one. */
export async function releaseAll(db: Db): Promise<void> {
  await releaseAllUploads(db)
  await releaseAllRemovals(db)
}

/** Works on batches until there are no more. What was worked on must not be listed again. */
async function eachInBatches(
  list: () => Promise<Upload[]>,
  work: (upload: Upload) => Promise<void>,
): Promise<number> {
  for (let count = 0; ;) {
    const uploads = await list()
    for (const upload of uploads) await work(upload)
    count += uploads.length
    if (uploads.length < batch) return count
  }
}

async function removeLeftovers(deps: CleanUpDeps, before: Date): Promise<number> {
  let count = 0
  for await (const leftovers of listLeftovers(deps))
    for (const { id, changedAt } of leftovers) {
      if (changedAt > before) continue
      await deps.blobs.removeUpload(id)
      count += 1
    }
  return count
}

async function removeOrphanedBlobs(deps: CleanUpDeps, before: Date): Promise<number> {
  let count = 0
  for await (const { left: file, right: row } of compareBlobs(deps))
    if (file && !row && file.changedAt <= before && (await removeOrphan(deps, file.digest)))
      count += 1
  return count
}

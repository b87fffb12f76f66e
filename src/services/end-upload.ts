import { forgetBrokenFinish } from '#store/upload-lease.ts'
import { deleteIdleUpload, type Upload } from '#store/upload.ts'
import { removeOrphan, type RemovalDeps } from './remove-orphan.ts'
import { findUploadBytes, storageKeys } from './upload-lease.ts'

/**
 * Removes an upload that nobody writes to, and what a finish that failed may have put under a digest. Rows go before
 * bytes. An upload that somebody has taken up again stays.
 */
export async function endUpload(deps: RemovalDeps, upload: Upload): Promise<void> {
  if (upload.finishingDigest) await removeOrphan(deps, upload.finishingDigest)
  const isEnded = await deleteIdleUpload(deps.db, { ...upload, at: deps.clock.now() })
  if (isEnded) for (const key of storageKeys(upload)) await deps.blobs.removeUpload(key)
}

/** After a finish that failed: an upload that still has its bytes can go on, any other ends. */
export async function mendBrokenFinish(deps: RemovalDeps, upload: Upload): Promise<void> {
  const { db, blobs, clock } = deps
  if ((await findUploadBytes(blobs, upload)) === undefined) return endUpload(deps, upload)
  if (upload.finishingDigest) await removeOrphan(deps, upload.finishingDigest)
  await forgetBrokenFinish(db, { ...upload, at: clock.now() })
}

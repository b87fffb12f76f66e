import { deleteUpload, forgetBrokenFinish, type Upload } from '#store/upload.ts'
import type { Deps } from '#deps.ts'
import { removeOrphan } from './remove-orphan.ts'
import { storageKey } from './upload-lease.ts'

type EndDeps = Pick<Deps, 'db' | 'blobs' | 'clock'>

/** Removes an upload, and what a finish that failed may have put under a digest. Rows go before bytes. */
export async function endUpload(deps: EndDeps, upload: Upload): Promise<void> {
  if (upload.finishingDigest) await removeOrphan(deps, upload.finishingDigest, upload.id)
  await deleteUpload(deps.db, upload.id)
  await deps.blobs.removeUpload(storageKey(upload))
}

/** After a finish that failed: an upload that still has its bytes can go on, any other ends. */
export async function mendBrokenFinish(deps: EndDeps, upload: Upload): Promise<void> {
  const { db, blobs, clock } = deps
  const sizeBytes = await blobs.findUploadSize(storageKey(upload))
  const hasBytes =
    sizeBytes === undefined ? upload.offsetBytes === 0 : sizeBytes >= upload.offsetBytes
  if (!hasBytes) return endUpload(deps, upload)
  if (upload.finishingDigest) await removeOrphan(deps, upload.finishingDigest, upload.id)
  await forgetBrokenFinish(db, { id: upload.id, at: clock.now() })
}

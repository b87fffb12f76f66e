import { deleteMarkedRepository } from '#store/repository.ts'
import { listUploadsIn } from '#store/upload.ts'
import { removeOrphan, type RemovalDeps } from './remove-orphan.ts'
import { storageKeys } from './upload-lease.ts'

/** Removes a repository that was marked for deletion: all rows under it, and then the bytes of its open uploads. */
export async function purgeRepository(deps: RemovalDeps, repositoryId: number): Promise<void> {
  const { db, blobs } = deps
  const uploads = await listUploadsIn(db, repositoryId)
  await deleteMarkedRepository(db, repositoryId)
  for (const upload of uploads) {
    for (const key of storageKeys(upload)) await blobs.removeUpload(key)
    if (upload.finishingDigest) await removeOrphan(deps, upload.finishingDigest)
  }
}

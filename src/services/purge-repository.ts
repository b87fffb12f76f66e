import { addJob } from '#store/job.ts'
import { deleteMarkedRepository, isMarkedForDeletion } from '#store/repository.ts'
import { firstUploadId, listUploadsIn, type Upload } from '#store/upload.ts'
import { endUpload } from './end-upload.ts'
import { pages } from './pages.ts'
import type { RemovalDeps } from './remove-orphan.ts'

/** A request that writes to an upload of a deleted repository is refused at its end; it is given so long to get there. */
const patienceMs = 60_000

/** When a purge comes back for what it had to leave. */
export function laterPurge({ clock }: Pick<RemovalDeps, 'clock'>): Date {
  return new Date(clock.now().getTime() + patienceMs)
}

/**
 * Removes a repository that was marked for deletion: its uploads, with the bytes that they have and that failed
 * finishes have left, and then all rows under it. While somebody writes to an upload of it, the repository stays,
 * because that row may come to be the only trace of bytes; a job comes back for it. Safe to call again.
 */
export async function purgeRepository(deps: RemovalDeps, repositoryId: number): Promise<void> {
  if (await purgeIdleRepository(deps, repositoryId)) return
  await addJob(deps.db, 'purge-repository', { repositoryId }, laterPurge(deps))
}

/** The same, but nobody comes back: false while somebody writes to an upload of the repository. */
export async function purgeIdleRepository(
  deps: RemovalDeps,
  repositoryId: number,
): Promise<boolean> {
  const { db } = deps
  if (!(await isMarkedForDeletion(db, repositoryId))) return true
  const uploads = pages<Upload>((last, limit) =>
    listUploadsIn(db, { repositoryId, after: last?.id ?? firstUploadId, limit }),
  )
  for await (const upload of uploads) await endUpload(deps, upload)
  return deleteMarkedRepository(db, repositoryId)
}

import { addJob } from '#store/job.ts'
import {
  deleteManifests,
  deleteMarkedRepository,
  deleteTags,
  detachLog,
  isMarkedForDeletion,
  unlinkBlobs,
} from '#store/repository-purge.ts'
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

/** What goes before the repository, in this order, and how much at once: a manifest can name 20,000 blobs. */
const parts = [
  { remove: deleteTags, limit: 1_000 },
  { remove: deleteManifests, limit: 100 },
  { remove: unlinkBlobs, limit: 1_000 },
  { remove: detachLog, limit: 1_000 },
]

/**
 * Removes a repository that was marked for deletion: its uploads, with the bytes that they have and that failed
 * finishes have left, and then all rows under it, batch by batch, so that it may be as large as it likes. While
 * somebody writes to an upload of it, the repository stays, because that row may come to be the only trace of bytes;
 * a job comes back for it. Whatever ends it half way, also `signal`, it goes on from there when it is called again.
 */
export async function purgeRepository(
  deps: RemovalDeps,
  repositoryId: number,
  signal?: AbortSignal,
): Promise<void> {
  if (await purgeIdleRepository(deps, repositoryId, signal)) return
  await addJob(deps.db, 'purge-repository', { repositoryId }, { runAt: laterPurge(deps) })
}

/** The same, but nobody comes back: false while somebody writes to an upload of the repository. */
export async function purgeIdleRepository(
  deps: RemovalDeps,
  repositoryId: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const { db } = deps
  if (!(await isMarkedForDeletion(db, repositoryId))) return true
  const uploads = pages<Upload>((last, limit) =>
    listUploadsIn(db, { repositoryId, after: last?.id ?? firstUploadId, limit }),
  )
  for await (const upload of uploads) {
    signal?.throwIfAborted()
    await endUpload(deps, upload)
  }
  for (const { remove, limit } of parts)
    while ((await remove(db, { repositoryId, limit })) === limit) signal?.throwIfAborted()
  return deleteMarkedRepository(db, repositoryId)
}

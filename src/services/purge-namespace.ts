import type { Db } from '#store/db.ts'
import { addJob } from '#store/job.ts'
import {
  deleteApplicationsOf,
  deleteMarkedNamespace,
  deleteRobotsOf,
  deleteTeamsOf,
  isNamespaceDeleted,
  markRepositoriesIn,
  releaseEntriesBy,
  releaseEntriesUnder,
  type NamespacePart,
} from '#store/namespace-removal.ts'
import { pages } from './pages.ts'
import { laterPurge, purgeIdleRepository } from './purge-repository.ts'
import type { RemovalDeps } from './remove-orphan.ts'

const batch = 500

/** In this order: audit entries first, because letting go of them with their account would be one large statement. */
const steps: readonly ((db: Db, part: NamespacePart) => Promise<number>)[] = [
  releaseEntriesBy,
  deleteRobotsOf,
  deleteApplicationsOf,
  deleteTeamsOf,
  releaseEntriesUnder,
]

/**
 * Removes what a deleted namespace owns, in batches, and at last its row, which sets the name free. While somebody
 * writes to an upload in it, the row stays and a job comes back for it. Whatever ends it half way, also `signal`, it
 * goes on from there when it is called again.
 */
export async function purgeNamespace(
  deps: RemovalDeps,
  namespaceId: number,
  signal?: AbortSignal,
): Promise<void> {
  const { db } = deps
  if (!(await isNamespaceDeleted(db, namespaceId))) return
  const repositories = pages<{ id: number }>(
    (last, limit) => markRepositoriesIn(db, { namespaceId, afterId: last?.id ?? 0, limit }),
    batch,
  )
  for await (const { id } of repositories) await purgeIdleRepository(deps, id, signal)
  for (const step of steps)
    while ((await step(db, { namespaceId, limit: batch })) === batch) signal?.throwIfAborted()
  if (await deleteMarkedNamespace(db, namespaceId)) return
  await addJob(db, 'purge-namespace', { namespaceId }, laterPurge(deps))
}

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
} from '#store/namespace-removal.ts'
import { pages } from './pages.ts'
import { laterPurge, purgeIdleRepository } from './purge-repository.ts'
import type { RemovalDeps } from './remove-orphan.ts'

/** Repositories that are marked at once. */
const batch = 100

/**
 * What goes before the namespace, in this order, and how much at once: a team can have 10,000 members. Audit entries
 * come before the accounts that they point at.
 */
const parts = [
  { remove: releaseEntriesBy, limit: 1_000 },
  { remove: deleteRobotsOf, limit: 100 },
  { remove: deleteApplicationsOf, limit: 10 },
  { remove: deleteTeamsOf, limit: 10 },
  { remove: releaseEntriesUnder, limit: 1_000 },
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
  for (const { remove, limit } of parts)
    while ((await remove(db, { namespaceId, limit })) === limit) signal?.throwIfAborted()
  if (await deleteMarkedNamespace(db, namespaceId)) return
  await addJob(db, 'purge-namespace', { namespaceId }, { runAt: laterPurge(deps) })
}

import { RegistryError } from '#domain/errors.ts'
import type { Tx } from '#store/db.ts'
import { addJob } from '#store/job.ts'
import {
  deleteInvitesInto,
  endHoldings,
  markNamespaceForDeletion,
} from '#store/namespace-removal.ts'
import { lockNamespace } from '#store/namespace.ts'

/**
 * Deletes a user or an organization with all that it owns: out of sight and out of use when the transaction holds,
 * however much it is; a job removes the rest. Its e-mail address is free at once, its name when the job has ended.
 * Callers lock the namespace and write the audit row before, and ask `demandNotSoleAdmin` unless a superuser decides.
 * Throws `not_found`.
 */
export async function deleteNamespace(
  tx: Tx,
  { namespaceId, at }: { namespaceId: number; at: Date },
): Promise<void> {
  // Waits for those who make something in it, so that nothing comes in behind the job.
  if (!(await lockNamespace(tx, namespaceId)))
    throw new RegistryError('not_found', 'it was deleted a moment ago')
  await markNamespaceForDeletion(tx, { namespaceId, at })
  await endHoldings(tx, namespaceId)
  await deleteInvitesInto(tx, namespaceId)
  await addJob(tx, 'purge-namespace', { namespaceId })
}

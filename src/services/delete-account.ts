import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import { transact } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { lockNamespace } from '#store/namespace.ts'
import type { Deps } from '#deps.ts'
import { deleteNamespace } from './delete-namespace.ts'
import { holdOwnAccount } from './hold-own-account.ts'
import { demandNotSoleAdmin } from './last-admin.ts'

/**
 * Deletes the caller's own account. The audit row (`user_delete`) is written in the same transaction. Throws
 * `invalid_request` while the caller is the only administrator of an organization, `invalid_token` when the account was
 * changed since the call was let in.
 */
export async function deleteOwnAccount(
  { db, clock }: Deps,
  { actor }: { actor: UserActor },
): Promise<void> {
  const { id: namespaceId, username } = actor
  const at = clock.now()
  await transact(db, async (tx) => {
    await demandNotSoleAdmin(tx, namespaceId)
    await holdOwnAccount(tx, actor)
    await writeLog(tx, { kind: 'user_delete', actor, namespaceId, metadata: { username }, at })
    await deleteNamespace(tx, { namespaceId, at })
  })
}

/** Deletes an organization. The audit row (`org_delete`) is written in the same transaction. Throws `not_found`. */
export async function deleteOrganization(
  { db, clock }: Deps,
  { organization, actor }: { organization: NamespaceTarget; actor: UserActor },
): Promise<void> {
  const { id: namespaceId, name: namespace } = organization
  const at = clock.now()
  await transact(db, async (tx) => {
    // Before the entry, which holds the namespace too: two who delete it at once would wait for each other.
    if (!(await lockNamespace(tx, namespaceId)))
      throw new RegistryError('not_found', `no organization ${namespace}`)
    await writeLog(tx, { kind: 'org_delete', actor, namespaceId, metadata: { namespace }, at })
    await deleteNamespace(tx, { namespaceId, at })
  })
}

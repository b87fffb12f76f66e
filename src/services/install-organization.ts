import { RegistryError } from '#domain/errors.ts'
import { parseNamespaceName } from '#domain/name.ts'
import type { UserActor } from '#domain/principal.ts'
import { transact } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { lockOrganization } from '#store/organization.ts'
import { renameRobots } from '#store/robot-change.ts'
import { updateNamespace } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { deleteNamespace } from './delete-namespace.ts'
import { refuseTaken } from './refuse-taken.ts'

/**
 * Gives an organization and its robots another name; without a new name nothing changes. Throws `invalid_request` for
 * an organization that is not there (Quay's rule), and for a name that breaks a rule or is taken.
 */
export async function renameByName(
  { db, clock }: Deps,
  { name, newName, actor }: { name: string; newName: string | undefined; actor: UserActor },
): Promise<{ name: string; email: string | null }> {
  if (newName !== undefined) parseNamespaceName(newName)
  return refuseTaken(
    transact(db, async (tx) => {
      const found = await lockOrganization(tx, name)
      if (!found) throw new RegistryError('invalid_request', `no organization ${name}`)
      if (newName === undefined || newName === name) return found
      await writeLog(tx, {
        kind: 'org_change_name',
        actor,
        namespaceId: found.id,
        metadata: { old_name: name, new_name: newName, superuser: actor.username },
        at: clock.now(),
      })
      await updateNamespace(tx, found.id, { name: newName })
      await renameRobots(tx, found.id)
      return { ...found, name: newName }
    }),
    `The name ${newName} is already taken`,
  )
}

/**
 * Deletes an organization with all that it owns; the audit row (`org_delete`) is written in the same transaction. Throws
 * `not_found`.
 */
export async function deleteByName(
  { db, clock }: Deps,
  { name, actor }: { name: string; actor: UserActor },
): Promise<void> {
  const at = clock.now()
  await transact(db, async (tx) => {
    const found = await lockOrganization(tx, name)
    if (!found) throw new RegistryError('not_found', `no organization ${name}`)
    const entry = { kind: 'org_delete', actor, namespaceId: found.id, at } as const
    await writeLog(tx, { ...entry, metadata: { namespace: name } })
    await deleteNamespace(tx, { namespaceId: found.id, at })
  })
}

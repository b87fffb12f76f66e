import { RegistryError } from '#domain/errors.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import { findAccountByName } from '#store/account.ts'
import { transact } from '#store/db.ts'
import { removeMember } from '#store/member.ts'
import type { Deps } from '#deps.ts'
import { demandAdminLeft } from './last-admin.ts'

/**
 * Takes a user out of an organization: out of its teams, and off its repositories, those to come included. Quay writes
 * no audit entry of it, and knows no kind for one. Throws `not_found` for who is no user, `invalid_request` for the last
 * administrator.
 */
export async function removeFromOrganization(
  { db }: Deps,
  { organization, username }: { organization: NamespaceTarget; username: string },
): Promise<void> {
  const account = await findAccountByName(db, username)
  if (account?.kind !== 'user') throw new RegistryError('not_found', `no user ${username}`)
  const namespaceId = organization.id
  await transact(db, async (tx) => {
    await demandAdminLeft(tx, { namespaceId, without: { userId: account.id } })
    await removeMember(tx, { namespaceId, userId: account.id })
  })
}

import { RegistryError } from '#domain/errors.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import type { Tx } from '#store/db.ts'
import { lockNamespaces } from '#store/namespace.ts'
import { findTeam, type Team } from '#store/team.ts'

/**
 * Holds an organization until the transaction ends, and the account that joins it: changes of its teams come one after
 * the other, and neither is deleted meanwhile. Throws `not_found` when the organization is on its way out; whether the
 * account still is one is to be asked after this.
 */
export async function holdOrganization(
  tx: Tx,
  { id, name }: Pick<NamespaceTarget, 'id' | 'name'>,
  accountId = id,
): Promise<void> {
  const standing = await lockNamespaces(tx, [id, accountId])
  if (!standing.includes(id)) throw new RegistryError('not_found', `no organization ${name}`)
}

/** Gives a team of an organization, or throws `not_found`. */
export async function demandTeam(
  tx: Tx,
  { organization, teamName }: { organization: NamespaceTarget; teamName: string },
): Promise<Team> {
  const team = await findTeam(tx, { namespaceId: organization.id, name: teamName })
  if (!team) throw new RegistryError('not_found', `no team ${teamName} in ${organization.name}`)
  return team
}

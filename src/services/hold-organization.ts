import { RegistryError } from '#domain/errors.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import type { Tx } from '#store/db.ts'
import { lockNamespaces } from '#store/namespace.ts'
import { findTeam, type Team } from '#store/team.ts'

/**
 * Holds an organization until the transaction ends, and the account that joins it: changes of its teams come one after
 * the other, and neither is deleted meanwhile. False when the account is on its way out. Throws `not_found` when the
 * organization is.
 */
export async function holdOrganization(
  tx: Tx,
  { id, name }: Pick<NamespaceTarget, 'id' | 'name'>,
  accountId = id,
): Promise<boolean> {
  const standing = await lockNamespaces(tx, [id, accountId])
  if (!standing.includes(id)) throw new RegistryError('not_found', `no organization ${name}`)
  return standing.includes(accountId)
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

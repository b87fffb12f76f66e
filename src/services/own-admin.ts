import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import type { Tx } from '#store/db.ts'
import { listAdminTeams } from '#store/team.ts'

/**
 * Nobody loses the rights of an administrator by their own hand: throws `invalid_request` when the team is the only one
 * that makes the caller an administrator, and the caller is (`userId`) or is among (without it) who would lose it. The
 * caller holds the organization.
 */
export async function demandOwnAdmin(
  tx: Tx,
  loss: {
    actor: UserActor
    namespaceId: number
    without: { teamId: number; userId?: number }
  },
): Promise<void> {
  const { actor, namespaceId, without } = loss
  if (without.userId !== undefined && without.userId !== actor.id) return
  const teamIds = await listAdminTeams(tx, { namespaceId, userId: actor.id, limit: 2 })
  if (teamIds.length === 1 && teamIds[0] === without.teamId)
    throw new RegistryError(
      'invalid_request',
      'This is the only team that makes you an administrator of the organization',
    )
}

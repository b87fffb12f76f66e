import { RegistryError } from '#domain/errors.ts'
import {
  listSoleAdministered,
  lockAdministrator,
  weighAdministrators,
  type TakenAway,
} from '#store/administrator.ts'
import type { Tx } from '#store/db.ts'
import { lockNamespace } from '#store/namespace.ts'

/**
 * Keeps an organization from losing its last administrator. Comes before the change, in its transaction: it holds
 * the organization, so that two who leave at once follow each other. `without` is what is about to be taken away: a
 * team (or its role), a user everywhere, or with both one membership. Throws `invalid_request`, and `not_found`
 * when the organization is gone.
 */
export async function demandAdminLeft(
  tx: Tx,
  { namespaceId, without }: { namespaceId: number; without: TakenAway },
): Promise<void> {
  if (!(await lockNamespace(tx, namespaceId)))
    throw new RegistryError('not_found', 'the organization was deleted a moment ago')
  const { goes, stays } = await weighAdministrators(tx, { namespaceId, taken: without })
  if (goes && !stays)
    throw new RegistryError(
      'invalid_request',
      'The organization would be left without an administrator: make somebody else one first',
    )
}

/** More names would help nobody. */
const maxNamed = 10

/**
 * Keeps a user who goes away from leaving organizations without an administrator. Comes before the change, in its
 * transaction: it holds the user and what the user administers. Throws `invalid_request` and names the
 * organizations, or `invalid_token` when the user is gone.
 */
export async function demandNotSoleAdmin(tx: Tx, userId: number): Promise<void> {
  if (!(await lockAdministrator(tx, userId)))
    throw new RegistryError('invalid_token', 'the account was deleted a moment ago')
  const names = await listSoleAdministered(tx, { userId, limit: maxNamed })
  if (names.length > 0)
    throw new RegistryError(
      'invalid_request',
      `You are the only administrator of ${names.join(', ')}: delete what you do not need, and make somebody else administer the rest`,
    )
}

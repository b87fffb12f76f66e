import { isOwnNamespace } from '#domain/access.ts'
import { RegistryError } from '#domain/errors.ts'
import type { Entry } from './gate.ts'

/** Refuses what restricted users may not do in their own namespace, which has this id, and may do elsewhere. */
export function demandUnrestricted({ operation, principal }: Entry, namespaceId: number): void {
  const { restrictedUsers } = operation.permission
  if (restrictedUsers !== 'refused-in-own-namespace' || principal.kind === 'anonymous') return
  if (!principal.standing.restricted || !isOwnNamespace(principal, namespaceId)) return
  throw new RegistryError(
    operation.api === 'v2' ? 'denied' : 'insufficient_scope',
    'restricted users may not change their own namespace',
  )
}

import { RegistryError } from '#domain/errors.ts'
import type { Account } from '#store/account.ts'

/** Users fit into every namespace, robots into their own alone. */
export function isFitting({ kind, ownerId }: Account, namespaceId: number): boolean {
  return kind === 'user' || ownerId === namespaceId
}

/**
 * The refusal of an account that does not fit. A robot of another namespace is unknown too: else anybody could try out
 * which robots somebody has.
 */
export function unknownAccount(name: string, namespace: string): RegistryError {
  return new RegistryError(
    'invalid_request',
    `Unknown user ${name}: it must be a user, or a robot of ${namespace}`,
  )
}

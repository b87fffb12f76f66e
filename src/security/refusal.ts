import { RegistryError } from '#domain/errors.ts'
import type { Entry } from './gate.ts'

const pullOnly = ['pull']

/** The scope that a new token must ask for, as the challenge of `/v2` names it. */
function challengeScope({ operation, params }: Entry): string | undefined {
  const { tokenAction } = operation.permission
  if (!tokenAction || params.name === undefined) return undefined
  const actions =
    tokenAction === 'push' ? ['pull', 'push'] : tokenAction === 'delete' ? ['delete'] : pullOnly
  return `repository:${params.name}:${actions.join(',')}`
}

/**
 * The refusal of a caller without the right. v1: 401 for nobody, 403 for somebody. v2: a challenge, the same
 * whether the repository is missing or merely closed to the caller.
 */
export function refuse(entry: Entry, reason?: string): RegistryError {
  const { operation, principal } = entry
  if (operation.api === 'v1')
    return principal.kind === 'anonymous'
      ? new RegistryError('invalid_token', reason ?? 'Requires authentication')
      : new RegistryError('insufficient_scope', reason ?? 'Unauthorized')
  const scope = challengeScope(entry)
  return new RegistryError(
    'unauthorized',
    reason ?? 'access to the requested resource is not authorized: log in, or ask for the right',
    {
      challenge: {
        ...(scope === undefined ? {} : { scope }),
        ...(principal.credential.kind === 'registry_token' ? { error: 'insufficient_scope' } : {}),
      },
    },
  )
}

import { RegistryError } from '#domain/errors.ts'
import type { Entry } from './gate.ts'

const pullOnly = ['pull']

/** The scope that a new token must ask for, as the challenge of `/v2` names it; of a mount, both repositories. */
function challengeScope({ operation, params, mountFrom }: Entry): string | undefined {
  const { tokenAction } = operation.permission
  if (!tokenAction || params.name === undefined) return undefined
  const actions =
    tokenAction === 'push' ? ['pull', 'push'] : tokenAction === 'delete' ? ['delete'] : pullOnly
  const scope = `repository:${params.name}:${actions.join(',')}`
  return mountFrom === undefined ? scope : `${scope} repository:${mountFrom}:pull`
}

/** The refusal of a bad credential, as the scheme has thrown it, with the scope that a new token must ask for. */
export function withScope(refusal: unknown, entry: Entry): unknown {
  const scope = challengeScope(entry)
  if (!(refusal instanceof RegistryError) || refusal.code !== 'unauthorized' || !scope)
    return refusal
  const { code, message, options } = refusal
  return new RegistryError(code, message, {
    ...options,
    challenge: { ...options.challenge, scope },
  })
}

/**
 * The refusal of a caller without the right. v1: 401 for nobody, 403 for somebody; who asks for the own profile
 * and may not read it counts as nobody, and is told that asking is no fault. v2: a challenge, the same whether
 * the repository is missing or merely closed to the caller.
 */
export function refuse(entry: Entry, reason?: string): RegistryError {
  const { operation, principal } = entry
  if (operation.permission.require === 'user:read')
    return new RegistryError('invalid_token', reason ?? 'Requires authentication', {
      extra: { session_required: false },
    })
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

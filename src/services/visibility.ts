import { actsAsSuperuser } from '#domain/access.ts'
import type { Principal } from '#domain/principal.ts'
import type { Visibility } from '#store/repository.ts'
import type { Config } from '#config.ts'

/** Which repositories a list may show to the caller; public ones are the list's own business. */
export function visibilityOf(
  principal: Principal,
  config: Pick<Config, 'FEATURE_SUPERUSERS_FULL_ACCESS'>,
): Omit<Visibility, 'includePublic'> {
  if (principal.kind === 'anonymous') return { userId: null, seesAll: false, seesPrivate: false }
  const { credential, standing } = principal
  const hasFullAccess = config.FEATURE_SUPERUSERS_FULL_ACCESS && actsAsSuperuser(principal)
  return {
    userId: principal.id,
    seesAll: standing.globalReadonlySuperuser || hasFullAccess,
    seesPrivate:
      credential.kind !== 'oauth_token' ||
      credential.scopes.some((scope) => ['repo:read', 'repo:write', 'repo:admin'].includes(scope)),
  }
}

import { hasFullAccess, readsEverything } from '#domain/access.ts'
import { scopesOf, type Principal } from '#domain/principal.ts'
import type { Visibility } from '#store/repository.ts'
import type { Config } from '#config.ts'

const readingScopes = ['repo:read', 'repo:write', 'repo:admin']

/** Which repositories a list may show to the caller; public ones are the list's own business. */
export function visibilityOf(
  principal: Principal,
  config: Pick<Config, 'FEATURE_SUPERUSERS_FULL_ACCESS'>,
): Omit<Visibility, 'includePublic'> {
  if (principal.kind === 'anonymous') return { userId: null, seesAll: false, seesPrivate: false }
  const scopes = scopesOf(principal.credential)
  const seesPrivate = scopes === undefined || scopes.some((scope) => readingScopes.includes(scope))
  return {
    userId: principal.id,
    // The scopes of a token limit full access too.
    seesAll: readsEverything(principal) || (hasFullAccess(principal, config) && seesPrivate),
    seesPrivate,
  }
}

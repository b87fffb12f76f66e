/**
 * What a caller may do: pure rules over what the store has found. Both faces, the token service and the
 * lists use these functions and no others.
 */
import { scopesOf, type OAuthScope, type Principal } from './principal.ts'
import type { RepositoryRole } from './target.ts'

export type TeamRole = 'member' | 'creator' | 'admin'

/** What the database says about a caller and a namespace, and maybe a repository in it. */
export interface Holdings {
  ownsNamespace: boolean
  /** Strongest role in a team of the namespace. */
  teamRole: TeamRole | null
  /** Strongest grant on the repository. */
  grantedRole: RepositoryRole | null
}

/** The settings that decide rights. */
export interface AccessRules {
  FEATURE_SUPERUSERS_FULL_ACCESS: boolean
}

const repositoryRoles: readonly RepositoryRole[] = ['read', 'write', 'admin']
const teamRoles: readonly TeamRole[] = ['member', 'creator', 'admin']

/** True when a role includes another. */
export function includesRole(role: RepositoryRole | undefined, wanted: RepositoryRole): boolean {
  return role !== undefined && repositoryRoles.indexOf(role) >= repositoryRoles.indexOf(wanted)
}

/** The caller's role on a repository; public access not counted. */
export function repositoryRole(
  principal: Principal,
  holdings: Holdings,
  rules: AccessRules,
): RepositoryRole | undefined {
  if (principal.kind === 'anonymous') return undefined
  const administers =
    holdings.ownsNamespace || holdings.teamRole === 'admin' || hasFullAccess(principal, rules)
  const role = administers ? 'admin' : (holdings.grantedRole ?? undefined)
  return lower(repositoryRoles, role, scopesOf(principal.credential), {
    'repo:read': 'read',
    'repo:write': 'write',
    'repo:admin': 'admin',
  })
}

/** The caller's role in a namespace: its own, or by team. */
export function namespaceRole(
  principal: Principal,
  holdings: Holdings,
  rules: AccessRules,
): TeamRole | undefined {
  if (principal.kind === 'anonymous') return undefined
  const administers = holdings.ownsNamespace || hasFullAccess(principal, rules)
  const role = administers ? 'admin' : (holdings.teamRole ?? undefined)
  return lower(teamRoles, role, scopesOf(principal.credential), {
    'repo:create': 'creator',
    'org:admin': 'admin',
  })
}

/** True when the caller may create repositories in the namespace. */
export function mayCreateRepository(
  principal: Principal,
  holdings: Holdings,
  rules: AccessRules,
): boolean {
  if (principal.kind === 'anonymous') return false
  if (principal.standing.restricted && holdings.ownsNamespace) return false
  const role = namespaceRole(principal, holdings, rules)
  return role === 'creator' || role === 'admin'
}

/** True when a push of the caller makes the organization that it names (CREATE_NAMESPACE_ON_PUSH). */
export function mayCreateNamespace(
  principal: Principal,
  rules: { CREATE_NAMESPACE_ON_PUSH: boolean; FEATURE_SUPERUSERS_ORG_CREATION_ONLY: boolean },
): boolean {
  if (!rules.CREATE_NAMESPACE_ON_PUSH || principal.kind !== 'user') return false
  if (rules.FEATURE_SUPERUSERS_ORG_CREATION_ONLY && !actsAsSuperuser(principal)) return false
  const scopes = scopesOf(principal.credential)
  return !principal.standing.restricted && (scopes === undefined || scopes.includes('repo:create'))
}

/** True when the namespace is the caller's own; a robot's is its owner's. */
export function isOwnNamespace(principal: Principal, namespaceId: number): boolean {
  if (principal.kind === 'anonymous') return false
  return (principal.kind === 'robot' ? principal.ownerId : principal.id) === namespaceId
}

/** True for global read-only superusers, whatever the scopes of their token. */
export function readsEverything(principal: Principal): boolean {
  return principal.kind === 'user' && principal.standing.globalReadonlySuperuser
}

/** The caller's role on their own account: lowered by the scopes of an OAuth token. Robots have none. */
export function ownAccountRole(principal: Principal): 'read' | 'admin' | undefined {
  if (principal.kind !== 'user') return undefined
  return lower(['read', 'admin'] as const, 'admin', scopesOf(principal.credential), {
    'user:read': 'read',
    'user:admin': 'admin',
  })
}

/** True when the caller acts as a superuser; an OAuth token needs the scope for it. */
export function actsAsSuperuser(principal: Principal): boolean {
  if (principal.kind === 'anonymous' || !principal.standing.superuser) return false
  return scopesOf(principal.credential)?.includes('super:user') ?? true
}

/** True when a superuser passes every check of a namespace or a repository. */
export function hasFullAccess(principal: Principal, rules: AccessRules): boolean {
  return rules.FEATURE_SUPERUSERS_FULL_ACCESS && actsAsSuperuser(principal)
}

/** Lowers a role to the highest that one of the scopes allows; no such scope takes it away. */
function lower<R extends string>(
  ladder: readonly R[],
  role: R | undefined,
  scopes: OAuthScope[] | undefined,
  caps: Partial<Record<OAuthScope, R>>,
): R | undefined {
  if (role === undefined || scopes === undefined) return role
  const highest = Math.max(
    -1,
    ...scopes.map((scope) => {
      const cap = caps[scope]
      return cap === undefined ? -1 : ladder.indexOf(cap)
    }),
  )
  return ladder[Math.min(highest, ladder.indexOf(role))]
}

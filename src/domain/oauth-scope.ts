import {
  actsAsSuperuser,
  includesRole,
  mayCreateRepository,
  namespaceRole,
  ownAccountRole,
  repositoryRole,
  type AccessRules,
  type Holdings,
} from './access.ts'
import { RegistryError } from './errors.ts'
import { oauthScopes, scopesOf, type OAuthScope, type Principal } from './principal.ts'

/** A scope, explained to people. */
export interface ScopeView {
  scope: OAuthScope
  title: string
  description: string
  /** Name of an icon, of the set that Quay's page uses. */
  icon: string
  /** It gives away so much that it should be thought over. */
  dangerous: boolean
}

const texts: Record<OAuthScope, Omit<ScopeView, 'scope'>> = {
  'repo:read': {
    title: 'See and pull your repositories',
    description: 'Every repository that you may read, private ones included.',
    icon: 'fa-hdd-o',
    dangerous: false,
  },
  'repo:write': {
    title: 'Push to your repositories',
    description: 'Push images and move tags wherever you may do so, and pull what you may read.',
    icon: 'fa-hdd-o',
    dangerous: false,
  },
  'repo:admin': {
    title: 'Administer your repositories',
    description:
      'Change the settings, visibility and permissions of every repository that you administer, and delete it.',
    icon: 'fa-hdd-o',
    dangerous: false,
  },
  'repo:create': {
    title: 'Create repositories',
    description: 'In your own namespace, and in organizations where you may create them.',
    icon: 'fa-plus',
    dangerous: false,
  },
  'user:read': {
    title: 'Read your profile',
    description: 'Your name, your e-mail address and the organizations that you belong to.',
    icon: 'fa-user',
    dangerous: false,
  },
  'user:admin': {
    title: 'Administer your account',
    description: 'Change everything about your account, its password and its robots included.',
    icon: 'fa-user',
    dangerous: true,
  },
  'org:admin': {
    title: 'Administer your organizations',
    description:
      'Change everything about the organizations that you administer: teams, robots, applications, permissions.',
    icon: 'fa-gear',
    dangerous: true,
  },
  'super:user': {
    title: 'Act as a superuser',
    description: 'Administer the whole registry and everybody in it, if you are a superuser.',
    icon: 'fa-street-view',
    dangerous: true,
  },
}

/** Explains scopes, in the order in which they are given. */
export function describeScopes(scopes: readonly OAuthScope[]): ScopeView[] {
  return scopes.map((scope) => ({ scope, ...texts[scope] }))
}

/**
 * Reads a set of scopes, separated by spaces or commas; each comes once. Undefined when there is none, or one that is
 * not known: a set is taken as a whole or not at all (Quay's rule).
 */
export function parseOAuthScopes(text: string): OAuthScope[] | undefined {
  const names = [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))]
  const known = names.filter((name): name is OAuthScope =>
    (oauthScopes as readonly string[]).includes(name),
  )
  return names.length > 0 && known.length === names.length ? known : undefined
}

/** Reads a set of scopes that must be one. Throws `invalid_request`. */
export function demandOAuthScopes(text: string): OAuthScope[] {
  const scopes = parseOAuthScopes(text)
  if (scopes) return scopes
  throw new RegistryError(
    'invalid_request',
    `'${text.slice(0, 80)}' is no set of scopes: the scopes are ${oauthScopes.join(', ')}`,
  )
}

const implied: Partial<Record<OAuthScope, readonly OAuthScope[]>> = {
  'repo:admin': ['repo:write', 'repo:read'],
  'repo:write': ['repo:read'],
}

/** True when scopes that are held allow all that the wanted ones do. */
export function coversScopes(held: readonly OAuthScope[], wanted: readonly OAuthScope[]): boolean {
  const all = new Set(held.flatMap((scope) => [scope, ...(implied[scope] ?? [])]))
  return wanted.every((scope) => all.has(scope))
}

/** True when two sets hold the same scopes. */
export function sameScopes(a: readonly OAuthScope[], b: readonly OAuthScope[]): boolean {
  return a.length === b.length && a.every((scope) => b.includes(scope))
}

/**
 * True when a caller may give a token these scopes: each one must be a right that the caller can use on the namespace,
 * and a caller with a token gives no more than the token has.
 */
export function mayGiveScopes(
  principal: Principal,
  holdings: Holdings,
  wanted: { scopes: readonly OAuthScope[]; rules: AccessRules },
): boolean {
  const own = scopesOf(principal.credential)
  if (own !== undefined && !coversScopes(own, wanted.scopes)) return false
  return wanted.scopes.every((scope) => canUse(principal, holdings, scope, wanted.rules))
}

function canUse(
  principal: Principal,
  holdings: Holdings,
  scope: OAuthScope,
  rules: AccessRules,
): boolean {
  // A grant on one repository is no right on all of them.
  const everywhere = repositoryRole(principal, { ...holdings, grantedRole: null }, rules)
  switch (scope) {
    case 'repo:read':
      return includesRole(everywhere, 'read')
    case 'repo:write':
      return includesRole(everywhere, 'write')
    case 'repo:admin':
      return includesRole(everywhere, 'admin')
    case 'repo:create':
      return mayCreateRepository(principal, holdings, rules)
    case 'user:read':
      return ownAccountRole(principal) !== undefined
    case 'user:admin':
      return ownAccountRole(principal) === 'admin'
    case 'org:admin':
      return namespaceRole(principal, holdings, rules) === 'admin'
    case 'super:user':
      return actsAsSuperuser(principal)
  }
}

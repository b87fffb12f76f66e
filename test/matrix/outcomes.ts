/**
 * What each class of operation answers to each identity, written from Quay's permission model and the rules of
 * ARCHITECTURE.md, "Permissions". Nothing here looks at the code.
 */
import type { OperationClass } from './class.ts'
import type { Identity } from './identities.ts'
import { lookUp, memberships, rights, standing } from './tables.ts'

/**
 * `+`: the gate let the call in. `401`: Requires authentication. `403`: the right is lacking. `404`: told to
 * those who could see it. `csrf`: the CSRF token is wanted. `fresh`: the password is wanted again. `503`: the
 * repository takes no changes. `chal`: 401 with a challenge. `deny`: 403 DENIED.
 * `bad`: 400, because what stands for the credential is none.
 */
export type Outcome =
  | '+'
  | '401'
  | '403'
  | '404'
  | 'csrf'
  | 'fresh'
  | '503'
  | 'chal'
  | 'deny'
  | 'bad'

/** What is asked for; `own` and `own-missing` lie in the caller's own namespace. */
export const repositories = [
  'public',
  'private',
  'missing',
  'read-only',
  'own',
  'own-missing',
  'org',
  'org-missing',
  'nowhere',
  'disabled',
] as const
export type RepositoryTarget = (typeof repositories)[number]

/** Namespaces in which createRepo is tried. */
export const namespaces = ['own', 'owner', 'org', 'nowhere', 'disabled'] as const
export type NamespaceTarget = (typeof namespaces)[number]

/** False: another column says it already, or the identity has no namespace of its own. */
export function isAsked(
  identity: Identity,
  target: string,
  kind: 'repository' | 'namespace' | 'organization',
): boolean {
  if (target === '-') return true
  if (kind === 'repository' && identity.asks?.includes(target) === false) return false
  const table = { repository: rights, namespace: standing, organization: memberships }[kind]
  return lookUp(table, identity.row, target) !== '.'
}

/** Organizations that are asked for, by name: the caller's own, another user's, one that is not there. */
export const organizations = ['org', 'self', 'user', 'nowhere'] as const

/** What the management API answers; `target` is a repository, a namespace (createRepo) or `-`. */
export function expectedOfV1(
  operation: OperationClass & { method: string },
  identity: Identity,
  target: string,
): Outcome {
  // v1-errors.md 5; operations that look at no credential are no use to a forger.
  const isForged = identity.name === 'forged' && operation.method !== 'GET'
  const takesCookie = ![
    'none',
    'a token signed by a service key',
    "a token of a robot's issuer",
  ].includes(operation.permission)
  if (isForged && takesCookie && !operation.flags.includes('form_csrf')) return 'csrf'
  const refusal = isNobody(identity) ? '401' : '403'
  const account = lookUp(standing, identity.row, 'account')
  switch (operation.permission) {
    case 'none':
    case 'anonymous':
    case 'anonymous (no-op without login)':
    case 'anonymous (results filtered by visibility)':
      // v1-errors.md 5: a token that works needs no CSRF token beside it; a bad one makes the call anonymous.
      return operation.flags.includes('csrf') && identity.token !== undefined && isNobody(identity)
        ? 'csrf'
        : '+'
    case 'user:read of self (anonymous -> 401 with session_required:false)':
      return account === 'n' ? '401' : '+'
    case 'user:admin':
    case 'user:admin (self); superuser when SUPERUSERS_ORG_CREATION_ONLY':
      if (account !== 'a') return refusal
      if (isRestrictedAtAll(operation, identity)) return '403'
      return freshly(operation, identity)
    case 'user:admin, and a repository that is readable':
      if (account !== 'a') return refusal
      return canSee(identity, target) ? '+' : '404'
    case 'a token signed by a service key':
      // auth-flow.md 6: one that an unknown key has signed; other credentials are no such tokens.
      return identity.name === 'nobody/registry' ? 'deny' : 'bad'
    case "a token of a robot's issuer":
      return '401'
    case 'signed in': {
      const isRefused = operation.flags.includes('session_only') && identity.token !== undefined
      return isNobody(identity) || isRefused ? '401' : '+'
    }
    case 'superuser':
    case 'superuser or global readonly superuser':
    case 'superuser with full access, or global readonly superuser':
      // v1-errors.md 3: of superusers' operations an old session is told before the right is asked for.
      if (freshly(operation, identity) === 'fresh') return 'fresh'
      return passesAsSuperuser(operation, identity) ? '+' : refusal
    case 'anonymous (more fields for members, admins, superusers)':
      return target === 'org' ? '+' : '404'
    case 'org member':
    case 'org admin':
    case 'team member (any role) or org admin': {
      if (!isInOrganization(operation, identity, target)) return refusal
      if (target === 'self' && isRestricted(operation, identity, 'own')) return '403'
      const isThere = target === 'org' || operation.flags.includes('user_namespace')
      if (!isThere || target === 'nowhere') return '404'
      return freshly(operation, identity)
    }
    case 'org creator-or-admin, or own namespace':
      return lookUp(standing, identity.row, target) === '+' ? '+' : refusal
    case 'repo:read':
    case 'repo:write':
    case 'repo:write; unsetting immutable needs repo:admin':
    case 'repo:admin': {
      if (target === 'disabled') return refusal
      const wanted = operation.permission.charAt('repo:'.length)
      if (!holds(operation, identity, target, wanted)) return refusal
      if (isRestricted(operation, identity, target)) return '403'
      if (isMissing(target)) return '404'
      const isClosed = operation.flags.includes('503_if_repo_not_NORMAL')
      return target === 'read-only' && isClosed ? '503' : '+'
    }
    default:
      throw new Error(`outcomes.ts says nothing of the class '${operation.permission}'`)
  }
}

/** What the registry protocol answers. */
export function expectedOfV2(
  operation: OperationClass,
  identity: Identity,
  target: RepositoryTarget | '-',
): Outcome {
  const isBad =
    ['outdated', 'elsewhere', 'oauth'].includes(identity.token ?? '') ||
    identity.person === 'disabled'
  switch (operation.permission) {
    case 'none':
      return '+'
    case 'any valid token':
      return isBad || identity.token === undefined ? 'chal' : '+'
    case 'repository:NAME:pull':
    case 'repository:NAME:pull,push':
    case 'repository:NAME:delete': {
      const action = operation.permission.split(/[:,]/).at(-1)!
      if (isBad || !covers(identity, action)) return 'chal'
      // Told to those alone whose token lists the repository: no other token would help them.
      if (target === 'disabled') return identity.token === undefined ? 'chal' : 'deny'
      const isFlagged = isRestricted(operation, identity, target as RepositoryTarget)
      if (isMissing(target) && mayMake(operation, identity, target) && !isFlagged) return '+'
      if (!holds(operation, identity, target, action === 'pull' ? 'r' : 'w')) return 'chal'
      if (isFlagged) return 'deny'
      if (isMissing(target)) return '404'
      return target === 'read-only' && action !== 'pull' ? 'deny' : '+'
    }
    default:
      throw new Error(`outcomes.ts says nothing of the class '${operation.permission}'`)
  }
}

/**
 * What the token service grants of pull, push, delete and `*` (r, w, d, *). It grants by right alone: that a
 * repository is read-only or its owner restricted is said by the gate, with its reason.
 */
export function expectedGrant(identity: Identity, target: RepositoryTarget): string {
  if (identity.person === 'disabled') return 'chal'
  const held = lookUp(rights, identity.row, target)
  if (target === 'disabled' || target === 'nowhere') return '-'
  if (held === 'a') return 'rwd*'
  if (held === 'w' || makes(identity, target)) return 'rwd'
  return held === 'r' || held === 'g' || target === 'public' ? 'r' : '-'
}

/** What a registry without FEATURE_ANONYMOUS_ACCESS answers to nobody. */
export function expectedWithoutAnonymous(operation: OperationClass, usual: Outcome): Outcome {
  if (usual !== '+' || operation.flags.includes('anon_allowed')) return usual
  return operation.permission.startsWith('repository:') ||
    operation.permission === 'any valid token'
    ? 'chal'
    : '401'
}

/** Bad OAuth tokens and those of disabled users make a call anonymous, as with Quay. */
function isNobody({ person, row }: Identity): boolean {
  return person === undefined || person === 'disabled' || row === 'nobody/unknown'
}

/** v1-errors.md 7: of a browser session that is too old the password is wanted again. */
function freshly({ freshLogin }: OperationClass, { name }: Identity): Outcome {
  return freshLogin && /stale\+?$/.test(name) ? 'fresh' : '+'
}

/** permissions.md 6: refused as a whole. */
function isRestrictedAtAll({ flags }: OperationClass, { person }: Identity): boolean {
  return person === 'restricted' && flags.includes('not_for_restricted_users')
}

/** permissions.md 5: global read-only wins over superuser, and needs no scope. */
function passesAsSuperuser(operation: OperationClass, { row }: Identity): boolean {
  const standingAs = lookUp(standing, row, 'super')
  if (standingAs === 'g') return operation.globalReadonlySuperuser
  return standingAs === 'f' || (standingAs === 's' && !operation.fullAccess)
}

/** Another user's namespace is no organization, but its owner holds every right of one there. */
function isInOrganization(operation: OperationClass, { row }: Identity, target: string): boolean {
  const role = lookUp(memberships, row, target)
  if (role === 'g') return operation.globalReadonlySuperuser
  if (role === 'a') return true
  if (operation.permission === 'org member') return role !== '-'
  const isTeams = operation.permission === 'team member (any role) or org admin'
  return isTeams && target === 'org' && row === 'member'
}

/** A repository that somebody may read; what is missing or disabled is nobody's. */
function canSee({ row }: Identity, target: string): boolean {
  if (isMissing(target) || target === 'disabled') return false
  return target === 'public' || !['-', 'c'].includes(lookUp(rights, row, target))
}

const isMissing = (target: string) => target.endsWith('missing') || target === 'nowhere'

function holds(
  operation: OperationClass,
  identity: Identity,
  target: string,
  wanted: string,
): boolean {
  const held = lookUp(rights, identity.row, target)
  if (wanted === 'r' && target === 'public') return true
  if (held === 'g') return operation.globalReadonlySuperuser
  if (identity.server === 'full' && !operation.fullAccess && !target.startsWith('own')) return false
  return held !== '-' && 'rwa'.indexOf(held) >= 'rwa'.indexOf(wanted)
}

/** permissions.md 6: refused in the own namespace alone. */
function isRestricted(operation: OperationClass, identity: Identity, target: string): boolean {
  return (
    (identity.person === 'restricted' || identity.person === 'robotlimited') &&
    target.startsWith('own') &&
    operation.flags.includes('403_in_restricted_user_ns')
  )
}

function mayMake({ flags }: OperationClass, identity: Identity, target: string): boolean {
  if (!flags.includes('makes_repository') && !flags.includes('empty_if_missing')) return false
  if (target === 'nowhere') return false
  if (identity.person === 'restricted' && target === 'own-missing') return false
  return makes(identity, target)
}

/** Whether an identity may make the repository; of the scopes it takes repo:create or org:admin. */
function makes({ row, token }: Identity, target: string): boolean {
  if (!isMissing(target)) return false
  if (token?.startsWith('$')) return target === 'missing' && lookUp(standing, row, 'owner') === '+'
  return ['a', 'c'].includes(lookUp(rights, row, target))
}

/** A registry token has to list the action, or `push` for `delete`; without one, nobody asks for what is public. */
function covers({ token }: Identity, action: string): boolean {
  if (token === undefined) return action === 'pull'
  if (token === 'push' && action === 'delete') return true
  return token.startsWith('$') || ['all', 'app', '*', action].includes(token)
}

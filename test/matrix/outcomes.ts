/**
 * What each class of operation answers to each identity, written from Quay's permission model and the rules of
 * ARCHITECTURE.md, "Permissions". Nothing here looks at the code.
 */
import type { OperationClass } from './classes.ts'
import type { Identity } from './identities.ts'

/**
 * `+`: the gate let the call in. `401`: Requires authentication. `403`: the right is lacking. `404`: told to
 * those who could see it. `csrf`: the CSRF token is wanted. `fresh`: the password is wanted again. `503`: the
 * repository takes no changes. `chal`: 401 with a challenge. `deny`: 403 DENIED.
 */
export type Outcome = '+' | '401' | '403' | '404' | 'csrf' | 'fresh' | '503' | 'chal' | 'deny'

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

/**
 * The right that an identity has on each repository: r(ead), w(rite), a(dmin), g: reads everything that is open
 * to global read-only superusers, c: may only create it. Of a missing one: the right it has on every repository
 * of the namespace. A dot: not asked, because another column says it already.
 *
 * OAuth scopes cap what their owner has (permissions.md 3); full access needs super:user and the scope that the
 * operation is about, both.
 */
const rights = read(`
                     public private missing read-only own own-missing org org-missing nowhere disabled
anonymous            -      -       -       -         .   .           -   -           -       -
nobody               -      -       -       -         .   .           -   -           -       -
stranger             -      -       -       -         a   a           -   -           -       -
owner                a      a       a       a         .   .           -   -           -       -
reader               r      r       -       r         a   a           -   -           -       -
writer               w      w       -       w         a   a           -   -           -       -
admin                a      a       -       a         a   a           -   -           -       -
member               -      -       -       -         a   a           -   -           -       -
creator              -      -       -       -         a   a           -   c           -       -
orgadmin             -      -       -       -         a   a           a   a           -       -
super                -      -       -       -         a   a           -   -           -       -
super+               a      a       a       a         a   a           a   a           a       a
auditor              g      g       g       g         a   a           g   g           g       g
chief+               g      g       g       g         a   a           g   g           g       g
restricted           w      w       -       w         a   a           -   -           -       -
disabled             -      -       -       -         .   .           -   -           -       -
stale                a      a       a       a         .   .           -   -           -       -
forged               a      a       a       a         .   .           -   -           -       -
owner/repo:read      r      r       r       r         .   .           -   -           -       -
owner/repo:write     w      w       w       w         .   .           -   -           -       -
owner/repo:admin     a      a       a       a         .   .           -   -           -       -
owner/repo:create    -      -       -       -         .   .           -   -           -       -
owner/user:read      -      -       -       -         .   .           -   -           -       -
owner/user:admin     -      -       -       -         .   .           -   -           -       -
owner/org:admin      -      -       -       -         .   .           -   -           -       -
owner/super:user     -      -       -       -         .   .           -   -           -       -
owner/all            a      a       a       a         .   .           -   -           -       -
orgadmin/repo:create -      -       -       -         -   -           -   -           -       -
orgadmin/org:admin   -      -       -       -         -   -           -   -           -       -
orgadmin/repo:admin  -      -       -       -         a   a           a   a           -       -
auditor/user:read    g      g       g       g         g   g           g   g           g       g
super+/super:user    -      -       -       -         -   -           -   -           -       -
super+/repo:admin    -      -       -       -         a   a           -   -           -       -
super+/all           a      a       a       a         a   a           a   a           a       a
restricted/all       w      w       -       w         a   a           -   -           -       -
disabled/all         -      -       -       -         .   .           -   -           -       -
nobody/unknown       -      -       -       -         .   .           -   -           -       -
`)

/**
 * Where an identity may create a repository (+), and its role on its own account: n(one), r(ead) or a(dmin).
 * Restricted users may not in their own namespace; a namespace that is missing or disabled takes nothing.
 */
const standing = read(`
                     own owner org nowhere disabled account
anonymous            .   -     -   -       -        n
stranger             +   -     -   -       -        a
owner                .   +     -   -       -        a
reader               +   -     -   -       -        a
writer               +   -     -   -       -        a
admin                +   -     -   -       -        a
member               +   -     -   -       -        a
creator              +   -     +   -       -        a
orgadmin             +   -     +   -       -        a
super                +   -     -   -       -        a
super+               +   +     +   -       -        a
auditor              +   -     -   -       -        a
chief+               +   -     -   -       -        a
restricted           -   -     -   -       -        a
disabled             .   -     -   -       -        n
stale                .   +     -   -       -        a
forged               .   +     -   -       -        a
owner/repo:read      .   -     -   -       -        n
owner/repo:write     .   -     -   -       -        n
owner/repo:admin     .   -     -   -       -        n
owner/repo:create    .   +     -   -       -        n
owner/user:read      .   -     -   -       -        r
owner/user:admin     .   -     -   -       -        a
owner/org:admin      .   +     -   -       -        n
owner/super:user     .   -     -   -       -        n
owner/all            .   +     -   -       -        a
orgadmin/repo:create +   -     +   -       -        n
orgadmin/org:admin   +   -     +   -       -        n
orgadmin/repo:admin  -   -     -   -       -        n
auditor/user:read    -   -     -   -       -        r
super+/super:user    -   -     -   -       -        n
super+/repo:admin    -   -     -   -       -        n
super+/all           +   +     +   -       -        a
restricted/all       -   -     -   -       -        a
disabled/all         .   -     -   -       -        n
nobody/unknown       .   -     -   -       -        n
`)

function read(text: string): Map<string, Map<string, string>> {
  const [head = '', ...lines] = text.trim().split('\n')
  const columns = head.trim().split(/ +/)
  return new Map(
    lines.map((line) => {
      const [name = '', ...values] = line.split(/ +/)
      return [name, new Map(values.map((value, index) => [columns[index] ?? '', value]))]
    }),
  )
}

function lookUp(table: Map<string, Map<string, string>>, row: string, column: string): string {
  const value = table.get(row)?.get(column)
  if (value === undefined) throw new Error(`outcomes.ts has no cell ${row} x ${column}`)
  return value
}

/** False: another column says it already, or the identity has no namespace of its own. */
export function isAsked(
  identity: Identity,
  target: string,
  kind: 'repository' | 'namespace',
): boolean {
  if (target === '-') return true
  if (kind === 'repository' && identity.asks?.includes(target) === false) return false
  return lookUp(kind === 'repository' ? rights : standing, identity.row, target) !== '.'
}

/** What the management API answers; `target` is a repository, a namespace (createRepo) or `-`. */
export function expectedOfV1(
  operation: OperationClass & { method: string },
  identity: Identity,
  target: RepositoryTarget | NamespaceTarget | '-',
): Outcome {
  // v1-errors.md 5; operations that look at no credential are no use to a forger.
  const isForged = identity.name === 'forged' && operation.method !== 'GET'
  if (isForged && operation.permission !== 'none') return 'csrf'
  const refusal = isNobody(identity) ? '401' : '403'
  const account = lookUp(standing, identity.row, 'account')
  switch (operation.permission) {
    case 'none':
    case 'anonymous':
    case 'anonymous (no-op without login)':
    case 'anonymous (results filtered by visibility)':
      return operation.flags.includes('csrf') && identity.token !== undefined ? 'csrf' : '+'
    case 'user:read of self (anonymous -> 401 with session_required:false)':
      return account === 'n' ? '401' : '+'
    case 'user:admin':
      if (account !== 'a') return refusal
      return operation.freshLogin && identity.name === 'stale' ? 'fresh' : '+'
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
  if (held === 'w' || held === 'c') return 'rwd'
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
  if (identity.row.startsWith('super+') && !operation.fullAccess && !target.startsWith('own'))
    return false
  return held !== '-' && 'rwa'.indexOf(held) >= 'rwa'.indexOf(wanted)
}

/** permissions.md 6: refused in the own namespace alone. */
function isRestricted(operation: OperationClass, identity: Identity, target: string): boolean {
  return (
    identity.person === 'restricted' &&
    target.startsWith('own') &&
    operation.flags.includes('403_in_restricted_user_ns')
  )
}

function mayMake({ flags }: OperationClass, identity: Identity, target: string): boolean {
  if (!flags.includes('makes_repository') && !flags.includes('empty_if_missing')) return false
  if (target === 'nowhere') return false
  if (identity.person === 'restricted' && target === 'own-missing') return false
  return ['a', 'c'].includes(lookUp(rights, identity.row, target))
}

/** A registry token has to list the action; without one, nobody asks for what is public. */
function covers({ token }: Identity, action: string): boolean {
  return token === undefined ? action === 'pull' : ['all', '*', action].includes(token)
}

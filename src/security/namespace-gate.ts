import {
  hasFullAccess,
  mayCreateRepository,
  namespaceRole,
  readsEverything,
} from '#domain/access.ts'
import type { TeamRole } from '#domain/access.ts'
import { RegistryError } from '#domain/errors.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import { findTarget, type FoundTarget } from '#store/access.ts'
import type { Config } from '#config.ts'
import type { Entry } from './gate.ts'
import { refuse } from './refusal.ts'
import { demandUnrestricted } from './restriction.ts'
import type { SecurityDeps } from './scheme.ts'

/**
 * Lets a call into an organization, with one query for it and the caller's role there. Whether it exists is told
 * to those alone who would hold the right in it, except by `org:view`, which is for anybody.
 */
export async function enterOrganization(
  entry: Entry,
  { db, config }: SecurityDeps,
): Promise<NamespaceTarget> {
  const { operation, principal, params } = entry
  const name = params.orgname ?? ''
  const found = await findTarget(db, {
    namespace: name,
    name: '',
    userId: principal.kind === 'anonymous' ? null : principal.id,
    ...(params.teamname === undefined ? {} : { team: params.teamname }),
  })
  const holds = { ...nothing, ...found }
  const target = targetOf(entry, holds, config)
  if (!passes(entry, { ...target, inTeam: holds.inTeam })) throw refuse(entry)
  const isMeant = found?.namespace.isOrganization || operation.permission.userNamespace === true
  if (!found || !isMeant) throw new RegistryError('not_found', `no organization ${name}`)
  demandUnrestricted(entry, found.namespace.id)
  return { kind: 'namespace', ...found.namespace, ...target }
}

const nothing = { ownsNamespace: false, teamRole: null, grantedRole: null, inTeam: false }

/** What the caller holds in the namespace, whether or not there is one. */
function targetOf(
  { operation, principal }: Entry,
  found: Pick<FoundTarget, 'ownsNamespace' | 'teamRole' | 'grantedRole'>,
  config: Config,
): Pick<NamespaceTarget, 'role' | 'viewsAll'> {
  const readsAll =
    operation.permission.globalReadonlySuperuser === true && readsEverything(principal)
  const role = namespaceRole(principal, found, config)
  // The scopes of a token limit full access too.
  return { role, viewsAll: readsAll || (hasFullAccess(principal, config) && role === 'admin') }
}

function passes(
  { operation }: Entry,
  { role, viewsAll, inTeam }: { role: TeamRole | undefined; viewsAll: boolean; inTeam: boolean },
): boolean {
  switch (operation.permission.require) {
    case 'org:view':
      return true
    case 'org:member':
      return role !== undefined || viewsAll
    case 'team:view':
      // A token without a scope for organizations leaves no role, so it leaves no team either.
      return role === 'admin' || (inTeam && role !== undefined) || viewsAll
    default:
      return role === 'admin' || viewsAll
  }
}

/**
 * The check of `repo:create`, which needs the namespace that the body names (default: the caller's own).
 * A namespace that does not exist is refused like one that the caller may not use.
 */
export async function enterNamespace(
  entry: Entry,
  namespace: string | undefined,
  { db, config }: SecurityDeps,
): Promise<NamespaceTarget> {
  const { principal } = entry
  if (principal.kind === 'anonymous') throw refuse(entry)
  const found = await findTarget(db, {
    namespace: namespace ?? principal.username,
    name: '',
    userId: principal.id,
  })
  if (!found?.namespace.isEnabled || !mayCreateRepository(principal, found, config))
    throw refuse(entry)
  return { kind: 'namespace', ...found.namespace, ...targetOf(entry, found, config) }
}

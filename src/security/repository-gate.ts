import {
  includesRole,
  mayCreateNamespace,
  mayCreateRepository,
  readsEverything,
  repositoryRole,
  type Holdings,
} from '#domain/access.ts'
import { RegistryError } from '#domain/errors.ts'
import { parseRepositoryName, type RepositoryName } from '#domain/name.ts'
import { grants } from '#domain/scope.ts'
import type { NewRepositoryTarget, RepositoryRole, RepositoryTarget } from '#domain/target.ts'
import { findTarget, type FoundTarget } from '#store/access.ts'
import type { Entry } from './gate.ts'
import { refuse } from './refusal.ts'
import { demandUnrestricted } from './restriction.ts'
import type { SecurityDeps } from './scheme.ts'

/** Lets a call into a repository, with one query for the repository and the caller's rights there. */
export async function enterRepository(
  entry: Entry,
  deps: SecurityDeps,
): Promise<RepositoryTarget | NewRepositoryTarget> {
  const { principal, params } = entry
  const { config, db } = deps
  const name = parseRepositoryName(params.name ?? params.repository ?? '', config.LIBRARY_NAMESPACE)
  if (!tokenCovers(entry, name, deps)) throw refuse(entry)
  const userId = principal.kind === 'anonymous' ? null : principal.id
  const found = await findTarget(db, { ...name, userId })
  if (!found) return createWithNamespace(entry, name, deps)
  if (!found.namespace.isEnabled) throw disabled(entry, name)
  if (!found.repository) return enterMissing(entry, { name, found }, deps)

  const role = repositoryRole(principal, found, config)
  const wanted = wantedRole(entry)
  const readsPublic = wanted === 'read' && found.repository.isPublic
  if (!includesRole(role, wanted) && !readsPublic && !seesAll(entry)) throw refuse(entry)
  demandNormalState(entry, found.repository.state)
  demandUnrestricted(entry, found.namespace.id)
  return { ...targetOf(found.namespace, found.repository), fullName: name.fullName, role }
}

/** The target of a repository that was found; how it is named and what the caller may do there are for the caller to add. */
export function targetOf(
  namespace: FoundTarget['namespace'],
  repository: NonNullable<FoundTarget['repository']>,
): Omit<RepositoryTarget, 'fullName' | 'role'> {
  const { tagExpirationSeconds } = namespace
  return { kind: 'repository', ...repository, namespace, tagExpirationSeconds }
}

function wantedRole({ operation }: Entry): RepositoryRole {
  return operation.permission.require.slice('repo:'.length) as RepositoryRole
}

/** A `/v2` token must have been given for this repository and action. Callers without one only reach what is public. */
function tokenCovers(
  { operation, principal, host }: Entry,
  name: RepositoryName,
  deps: SecurityDeps,
): boolean {
  const { tokenAction } = operation.permission
  const { credential } = principal
  if (!tokenAction || credential.kind !== 'registry_token') return true
  return grants(credential.access, {
    name,
    action: tokenAction,
    host,
    libraryNamespace: deps.config.LIBRARY_NAMESPACE,
  })
}

function seesAll({ operation, principal }: Entry): boolean {
  return operation.permission.globalReadonlySuperuser === true && readsEverything(principal)
}

/** The namespace is there, the repository is not: told only to those who have the right in the whole namespace. */
function enterMissing(
  entry: Entry,
  { name, found }: { name: RepositoryName; found: FoundTarget },
  { config }: SecurityDeps,
): NewRepositoryTarget {
  const { operation, principal } = entry
  if (operation.permission.mayBeMissing && mayCreateRepository(principal, found, config))
    return newRepository(name, found.namespace)
  const role = repositoryRole(principal, found, config)
  if (!includesRole(role, wantedRole(entry)) && !seesAll(entry)) throw refuse(entry)
  demandUnrestricted(entry, found.namespace.id)
  throw missing(entry, name)
}

/** Only who holds a token for the repository is told, because no other token would help. */
function disabled(entry: Entry, { namespace }: RepositoryName): RegistryError {
  return entry.principal.credential.kind === 'registry_token'
    ? new RegistryError('denied', `the namespace ${namespace} is disabled`)
    : refuse(entry)
}

function missing({ operation }: Entry, name: RepositoryName): RegistryError {
  const why = operation.permission.mayBeMissing ? ', and this login may not create it' : ''
  return new RegistryError(
    operation.api === 'v2' ? 'name_unknown' : 'not_found',
    `no repository ${name.fullName}${why}`,
  )
}

/** What anybody holds in a namespace that does not exist; full access of superusers is no matter of holdings. */
const nothing: Holdings = { ownsNamespace: false, teamRole: null, grantedRole: null }

function createWithNamespace(
  entry: Entry,
  name: RepositoryName,
  { config }: SecurityDeps,
): NewRepositoryTarget {
  const { operation, principal } = entry
  if (operation.permission.mayBeMissing && mayCreateNamespace(principal, config))
    return newRepository(name, undefined)
  const role = repositoryRole(principal, nothing, config)
  const seesMissing = includesRole(role, wantedRole(entry)) || seesAll(entry)
  throw seesMissing ? missing(entry, name) : refuse(entry)
}

function newRepository(
  name: RepositoryName,
  namespace: NewRepositoryTarget['namespace'],
): NewRepositoryTarget {
  return {
    kind: 'new-repository',
    name: name.name,
    fullName: name.fullName,
    namespace,
    namespaceName: name.namespace,
  }
}

function demandNormalState({ operation }: Entry, state: string): void {
  if (operation.permission.repositoryState !== 'normal' || state === 'NORMAL') return
  throw new RegistryError(
    operation.api === 'v2' ? 'denied' : 'repository_not_normal',
    state === 'READ_ONLY'
      ? 'the repository is read-only: its administrators can set its state to NORMAL'
      : 'the repository is a mirror: only the mirror writes to it',
  )
}

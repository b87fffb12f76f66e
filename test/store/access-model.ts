import type { TeamRole } from '#domain/access.ts'
import type { RepositoryRole } from '#domain/target.ts'
import type { Caller, World } from './access-world.ts'

/** Who may do what in a world, told once more: by walking through it, without regard to how the registry does. */

const teamsOf = (world: World, account: string) =>
  world.teams.filter(({ members }) => members.includes(account))

const isSuper = ({ standing, scopes }: Caller) =>
  standing.superuser && (scopes === undefined || scopes.includes('super:user'))

/** Repository roles that the scopes of a token let through; all without a token. */
function letThrough({ scopes }: Caller): RepositoryRole[] {
  if (scopes === undefined || scopes.includes('repo:admin')) return ['read', 'write', 'admin']
  if (scopes.includes('repo:write')) return ['read', 'write']
  return scopes.includes('repo:read') ? ['read'] : []
}

/** The strongest role on a repository, whether it exists or not, and whether it is public or not. */
export function modelRepositoryRole(
  world: World,
  caller: Caller,
  wanted: { fullName: string; fullAccess: boolean },
): RepositoryRole | undefined {
  const { account } = caller
  if (account === null) return undefined
  const namespace = wanted.fullName.split('/')[0]!
  const exists = isThere(world, wanted.fullName)
  const teams = teamsOf(world, account)
  const held = new Set<RepositoryRole>()
  if (account === namespace) held.add('admin')
  if (wanted.fullAccess && isSuper(caller)) held.add('admin')
  if (teams.some((team) => team.namespace === namespace && team.role === 'admin')) held.add('admin')
  if (exists) {
    for (const grant of world.grants)
      if (grant.account === account && grant.repository === wanted.fullName) held.add(grant.role)
    for (const grant of world.teamGrants)
      if (
        grant.repository === wanted.fullName &&
        teams.some(({ fullName }) => fullName === grant.team)
      )
        held.add(grant.role)
  }
  if (held.has('admin')) held.add('write')
  if (held.has('write')) held.add('read')
  return letThrough(caller)
    .toReversed()
    .find((role) => held.has(role))
}

/** The role in a namespace. */
export function modelNamespaceRole(
  world: World,
  caller: Caller,
  wanted: { namespace: string; fullAccess: boolean },
): TeamRole | undefined {
  const { account, scopes } = caller
  if (account === null) return undefined
  const held = new Set<TeamRole>(
    teamsOf(world, account)
      .filter(({ namespace }) => namespace === wanted.namespace)
      .map(({ role }) => role),
  )
  if (account === wanted.namespace || (wanted.fullAccess && isSuper(caller))) held.add('admin')
  const cap: TeamRole[] =
    scopes === undefined || scopes.includes('org:admin')
      ? ['admin', 'creator', 'member']
      : scopes.includes('repo:create')
        ? ['creator', 'member']
        : []
  if (held.has('admin')) held.add('creator')
  if (held.has('creator')) held.add('member')
  return cap.find((role) => held.has(role))
}

function isThere(world: World, fullName: string): boolean {
  return world.repositories.some(
    (repository) => repository.fullName === fullName && repository.state !== 'MARKED_FOR_DELETION',
  )
}

/** Full names of what a list shows: what may be read, of the public ones those that it is told to show. */
export function modelList(
  world: World,
  caller: Caller,
  wanted: { includePublic: boolean; fullAccess: boolean },
): string[] {
  return world.repositories
    .filter(({ namespace }) => !world.disabled.includes(namespace))
    .filter(({ fullName }) => isThere(world, fullName))
    .filter(
      ({ fullName, isPublic }) =>
        (isPublic && wanted.includePublic) ||
        caller.standing.globalReadonlySuperuser ||
        modelRepositoryRole(world, caller, { fullName, ...wanted }) !== undefined,
    )
    .map(({ fullName }) => fullName)
    .toSorted()
}

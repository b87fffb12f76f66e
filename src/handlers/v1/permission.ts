import { avatarOf } from '#domain/avatar.ts'
import { RegistryError } from '#domain/errors.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import {
  grantsOf,
  noRole,
  removeTeamPermission,
  removeUserPermission,
  setTeamPermission,
  setUserPermission,
} from '#services/change-permission.ts'
import {
  findTeamGrant,
  findUserGrant,
  listHeldRoles,
  listTeamGrants,
  listUserGrants,
  type TeamGrant,
  type UserGrant,
} from '#store/permission.ts'
import type { Handlers } from '#operation.ts'

const maxListed = 50_000

/** Who may do what on a repository. */
export const permission: Handlers<
  | 'listRepoUserPermissions'
  | 'getUserPermissions'
  | 'changeUserPermissions'
  | 'deleteUserPermissions'
  | 'getUserTransitivePermission'
  | 'listRepoTeamPermissions'
  | 'getTeamPermissions'
  | 'changeTeamPermissions'
  | 'deleteTeamPermissions'
> = {
  async listRepoUserPermissions({ target }, { db }) {
    const grants = await listUserGrants(db, { ...grantsOf(target), limit: maxListed })
    const permissions = grants.map((grant) => [grant.name, viewUserGrant(grant, target)] as const)
    return { status: 200, body: { permissions: Object.fromEntries(permissions) } }
  },
  async getUserPermissions({ target, params: { username: name } }, { db }) {
    const grant = await findUserGrant(db, { ...grantsOf(target), name })
    if (!grant) throw noRole({ repository: target, name })
    return { status: 200, body: viewUserGrant(grant, target) }
  },
  async changeUserPermissions({ target, params, body: { role }, actor }, deps) {
    const change = { repository: target, name: params.username, role, actor }
    return { status: 200, body: viewUserGrant(await setUserPermission(deps, change), target) }
  },
  async deleteUserPermissions({ target, params, actor }, deps) {
    await removeUserPermission(deps, { repository: target, name: params.username, actor })
    return { status: 204 }
  },
  async getUserTransitivePermission({ target, params: { username: name } }, { db }) {
    const roles = await listHeldRoles(db, { repositoryId: target.id, name })
    if (roles.length === 0)
      throw new RegistryError('not_found', `${name} has no role on ${target.fullName}`)
    return { status: 200, body: { permissions: roles.map((role) => ({ role })) } }
  },
  async listRepoTeamPermissions({ target }, { db }) {
    const grants = await listTeamGrants(db, { repositoryId: target.id, limit: maxListed })
    const permissions = grants.map((grant) => [grant.name, viewTeamGrant(grant)] as const)
    return { status: 200, body: { permissions: Object.fromEntries(permissions) } }
  },
  async getTeamPermissions({ target, params: { teamname: name } }, { db }) {
    const grant = await findTeamGrant(db, { repositoryId: target.id, name })
    if (!grant) throw noRole({ repository: target, name })
    return { status: 200, body: { role: grant.role } }
  },
  async changeTeamPermissions({ target, params: { teamname: name }, body: { role }, actor }, deps) {
    await setTeamPermission(deps, { repository: target, name, role, actor })
    return { status: 200, body: viewTeamGrant({ name, role }) }
  },
  async deleteTeamPermissions({ target, params, actor }, deps) {
    await removeTeamPermission(deps, { repository: target, name: params.teamname, actor })
    return { status: 204 }
  },
}

function viewUserGrant(
  { name, is_robot, role, is_member }: UserGrant,
  { namespace }: RepositoryTarget,
) {
  return {
    role,
    name,
    is_robot,
    avatar: avatarOf(is_robot ? 'robot' : 'user', name),
    ...(namespace.isOrganization ? { is_org_member: is_member } : {}),
  }
}

function viewTeamGrant({ name, role }: TeamGrant) {
  return { role, name, avatar: avatarOf('team', name) }
}

import { avatarOf } from '#domain/avatar.ts'
import { maxListed } from '#domain/list-limit.ts'
import { RegistryError } from '#domain/errors.ts'
import { isUuid } from '#domain/text.ts'
import {
  addDefaultPermission,
  changeDefaultPermission,
  removeDefaultPermission,
} from '#services/change-default-permission.ts'
import {
  listDefaultPermissions,
  type DefaultPermission,
  type NamedAccount,
} from '#store/default-permission.ts'
import type { Handlers } from '#operation.ts'

/** Roles that new repositories of an organization give; Quay calls them prototypes. */
export const defaultPermission: Handlers<
  | 'getOrganizationPrototypePermissions'
  | 'createOrganizationPrototypePermission'
  | 'updateOrganizationPrototypePermission'
  | 'deleteOrganizationPrototypePermission'
> = {
  async getOrganizationPrototypePermissions({ target }, { db }) {
    const wanted = { namespaceId: target.id, limit: maxListed }
    const found = await listDefaultPermissions(db, wanted)
    return { status: 200, body: { prototypes: found.map(viewDefaultPermission) } }
  },
  async createOrganizationPrototypePermission({ target, body, actor }, deps) {
    const made = await addDefaultPermission(deps, {
      organization: target,
      activatingUser: body.activating_user?.name,
      delegate: { name: body.delegate.name, kind: body.delegate.kind },
      role: body.role,
      actor,
    })
    return { status: 200, body: viewDefaultPermission(made) }
  },
  async updateOrganizationPrototypePermission({ target, params, body: { role }, actor }, deps) {
    const change = { organization: target, uuid: parseId(params.prototypeid), role, actor }
    return {
      status: 200,
      body: viewDefaultPermission(await changeDefaultPermission(deps, change)),
    }
  },
  async deleteOrganizationPrototypePermission({ target, params, actor }, deps) {
    const uuid = parseId(params.prototypeid)
    await removeDefaultPermission(deps, { organization: target, uuid, actor })
    return { status: 204 }
  },
}

function parseId(text: string): string {
  if (isUuid(text)) return text
  throw new RegistryError('not_found', `no default permission ${text.slice(0, 80)}`)
}

function viewDefaultPermission(found: DefaultPermission) {
  const { uuid, role, activating_user, delegate_user, delegate_team } = found
  const team = delegate_team ?? ''
  return {
    id: uuid,
    role,
    activating_user: activating_user && viewAccount(activating_user),
    delegate: delegate_user
      ? viewAccount(delegate_user)
      : { name: team, kind: 'team' as const, avatar: avatarOf('team', team) },
  }
}

function viewAccount({ name, is_robot, is_member }: NamedAccount) {
  return {
    name,
    kind: 'user' as const,
    is_robot,
    is_org_member: is_member,
    avatar: avatarOf(is_robot ? 'robot' : 'user', name),
  }
}

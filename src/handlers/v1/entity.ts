import { avatarOf } from '#domain/avatar.ts'
import { searchEntities } from '#services/search-entities.ts'
import type { Entity } from '#store/entity.ts'
import type { Handlers } from '#operation.ts'

/** Search for people and teams. */
export const entity: Handlers<'getMatchingEntities'> = {
  async getMatchingEntities({ params: { prefix }, query, actor: principal }, deps) {
    const { namespace, includeTeams = false, includeOrgs = false } = query
    const wanted = { prefix, namespace, includeTeams, includeOrgs, principal }
    const { entities, organization, tellsMembers } = await searchEntities(deps, wanted)
    const found = entities.map((one) => viewEntity(one, tellsMembers))
    return {
      status: 200,
      body: { results: organization ? [...found, viewOrganization(organization)] : found },
    }
  },
}

/** Pictures are drawn by name here: by e-mail address, anybody could find out whose an address is. */
function viewEntity({ kind, name, is_member }: Entity, tellsMembers: boolean) {
  return {
    name,
    kind: kind === 'team' ? ('team' as const) : ('user' as const),
    ...(kind === 'team' ? {} : { is_robot: kind === 'robot' }),
    ...(tellsMembers ? { is_org_member: is_member } : {}),
    avatar: avatarOf(kind, name),
  }
}

function viewOrganization(name: string) {
  return { name, kind: 'org' as const, is_org_member: true, avatar: avatarOf('org', name) }
}

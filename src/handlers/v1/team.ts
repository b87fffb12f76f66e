import { RegistryError } from '#domain/errors.ts'
import { maxListed } from '#domain/list-limit.ts'
import { acceptInvite, declineInvite } from '#services/answer-team-invite.ts'
import { addTeamMember, removeTeamMember } from '#services/change-team-member.ts'
import { removeTeam, saveTeam } from '#services/change-team.ts'
import { inviteEmail, withdrawEmailInvite } from '#services/invite-to-team.ts'
import { listInvites } from '#store/team-invite.ts'
import { findTeam, listTeamGrants, listTeamMembers, type Team } from '#store/team.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import type { Deps } from '#deps.ts'
import type { Handlers } from '#operation.ts'
import { viewEmailInvite, viewGrant, viewMember, viewPending, viewTeam } from './team-view.ts'

/** Teams of organizations, their members, and who is invited. */
export const team: Handlers<
  | 'updateOrganizationTeam'
  | 'deleteOrganizationTeam'
  | 'getOrganizationTeamMembers'
  | 'updateOrganizationTeamMember'
  | 'deleteOrganizationTeamMember'
  | 'inviteTeamMemberEmail'
  | 'deleteTeamMemberEmailInvite'
  | 'getOrganizationTeamPermissions'
  | 'acceptOrganizationTeamInvite'
  | 'declineOrganizationTeamInvite'
> = {
  async updateOrganizationTeam({ params, body, target, actor }, deps) {
    const { role, description } = body
    const wanted = { organization: target, name: params.teamname, role, description, actor }
    return { status: 200, body: viewTeam(await saveTeam(deps, wanted)) }
  },
  async deleteOrganizationTeam({ params, target, actor }, deps) {
    await removeTeam(deps, { organization: target, name: params.teamname, actor })
    return { status: 204 }
  },
  async getOrganizationTeamMembers({ params, query, target }, deps) {
    const { id: teamId, name } = await teamOf(deps, target, params.teamname)
    const isAdmin = target.role === 'admin'
    const members = await listTeamMembers(deps.db, { teamId, limit: maxListed })
    const invites =
      query.includePending && isAdmin
        ? await listInvites(deps.db, { teamId, limit: maxListed })
        : []
    const entries = [...members.map((member) => viewMember(member)), ...invites.map(viewPending)]
    return { status: 200, body: { name, members: entries, can_edit: isAdmin } }
  },
  async updateOrganizationTeamMember({ params, target, actor }, deps) {
    const { teamname: teamName, membername: memberName } = params
    const wanted = { organization: target, teamName, memberName, actor }
    const { account, isInvited } = await addTeamMember(deps, wanted)
    return { status: 200, body: viewMember(account, isInvited) }
  },
  async deleteOrganizationTeamMember({ params, target, actor }, deps) {
    const { teamname: teamName, membername: memberName } = params
    await removeTeamMember(deps, { organization: target, teamName, memberName, actor })
    return { status: 204 }
  },
  async inviteTeamMemberEmail({ params, target, actor }, deps) {
    const { teamname: teamName, email } = params
    await inviteEmail(deps, { organization: target, teamName, email, actor })
    return { status: 200, body: viewEmailInvite(email) }
  },
  async deleteTeamMemberEmailInvite({ params, target, actor }, deps) {
    const { teamname: teamName, email } = params
    await withdrawEmailInvite(deps, { organization: target, teamName, email, actor })
    return { status: 204 }
  },
  async getOrganizationTeamPermissions({ params, target }, deps) {
    const { id: teamId } = await teamOf(deps, target, params.teamname)
    const grants = await listTeamGrants(deps.db, { teamId, limit: maxListed })
    return { status: 200, body: { permissions: grants.map(viewGrant) } }
  },
  async acceptOrganizationTeamInvite({ params, actor }, deps) {
    const { organization, team: name } = await acceptInvite(deps, { code: params.code, actor })
    return { status: 200, body: { org: organization, team: name } }
  },
  async declineOrganizationTeamInvite({ params, actor }, deps) {
    await declineInvite(deps, { code: params.code, actor })
    return { status: 204 }
  },
}

async function teamOf({ db }: Deps, target: NamespaceTarget, name: string): Promise<Team> {
  const found = await findTeam(db, { namespaceId: target.id, name })
  if (!found) throw new RegistryError('not_found', `no team ${name} in ${target.name}`)
  return found
}

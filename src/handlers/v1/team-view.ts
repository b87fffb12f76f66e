import { avatarOf } from '#domain/avatar.ts'
import type { PendingInvite } from '#store/team-invite.ts'
import type { Team, TeamGrant, TeamMember } from '#store/team.ts'

/** A team, for those who administer it. */
export function viewTeam({ name, description, role, isNew }: Team & { isNew: boolean }) {
  const avatar = avatarOf('team', name)
  return { name, description, can_view: true, role, avatar, new_team: isNew }
}

/** Somebody in a team, or a user who is invited. */
export function viewMember({ name, kind }: TeamMember, invited = false) {
  return {
    name,
    kind: 'user' as const,
    is_robot: kind === 'robot',
    avatar: avatarOf(kind, name),
    invited,
  }
}

/** An invitation that went to an address. */
export function viewEmailInvite(email: string) {
  return { email, kind: 'invite' as const, avatar: avatarOf('user', email), invited: true }
}

/** An open invitation, by name or by address. */
export function viewPending({ username, email }: PendingInvite) {
  return username === null
    ? viewEmailInvite(email ?? '')
    : viewMember({ name: username, kind: 'user' }, true)
}

/** A role of the team on a repository. */
export function viewGrant({ repository, isPublic, role }: TeamGrant) {
  return { repository: { name: repository, is_public: isPublic }, role }
}

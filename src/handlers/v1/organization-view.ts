import { avatarOf } from '#domain/avatar.ts'
import { maxListed } from '#domain/list-limit.ts'
import type { Actor } from '#domain/principal.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import type { MemberWithHoldings } from '#services/show-members.ts'
import type { ListedTeam } from '#store/member.ts'
import type { OrganizationSettings } from '#store/organization.ts'
import { listTeams } from '#store/member.ts'
import { findOrganization } from '#store/organization.ts'
import type { Deps } from '#deps.ts'

/** What an organization shows to a caller: strangers, members and administrators see more and more of it. */
export async function viewOrganization(
  deps: Deps,
  { target, actor }: { target: NamespaceTarget; actor: Actor },
) {
  const basics = await viewBasics(deps, target)
  if (!basics.is_member) return basics
  const userId = actor.kind === 'anonymous' ? null : actor.id
  const teams = await listTeams(deps.db, { namespaceId: target.id, userId, limit: maxListed })
  return { ...basics, ...viewTeams(teams, basics.is_admin) }
}

/** The same without the teams. */
export async function viewBasics({ db }: Deps, target: NamespaceTarget) {
  const seesSettings = target.role === 'admin' || target.viewsAll
  const settings = seesSettings ? await findOrganization(db, target.id) : undefined
  return {
    name: target.name,
    email: settings?.email ?? '',
    avatar: avatarOf('org', target.name),
    is_admin: seesSettings,
    is_member: target.role !== undefined || target.viewsAll,
    ...(settings ? viewSettings(target, settings) : {}),
  }
}

function viewTeams(teams: readonly ListedTeam[], seesAll: boolean) {
  return {
    teams: Object.fromEntries(teams.map((team) => [team.name, viewTeam(team, seesAll)] as const)),
    ordered_teams: teams.map(({ name }) => name),
  }
}

function viewTeam(team: ListedTeam, seesAll: boolean) {
  const { name, description, role, is_mine, repo_count, member_count } = team
  return {
    name,
    description,
    role,
    avatar: avatarOf('team', name),
    can_view: is_mine || seesAll,
    repo_count,
    member_count,
    is_synced: false,
  }
}

function viewSettings(target: NamespaceTarget, settings: OrganizationSettings) {
  return {
    invoice_email: settings.invoice_email,
    invoice_email_address: settings.invoice_email_address,
    tag_expiration_s: target.tagExpirationSeconds,
    is_free_account: true,
  }
}

/** Those in an organization. Many are in the same teams, whose avatars are made once. */
export function viewMembers(members: readonly MemberWithHoldings[]) {
  const names = new Set(members.flatMap(({ teams }) => teams))
  const views = new Map([...names].map((name) => [name, { name, avatar: avatarOf('team', name) }]))
  return members.map(({ name, kind, teams, repositories }) => ({
    name,
    kind,
    avatar: avatarOf(kind, name),
    teams: teams.map((team) => views.get(team)!),
    repositories,
  }))
}

/** Somebody who was given roles on repositories without being in a team. */
export function viewCollaborator({ name, kind, repositories }: Omit<MemberWithHoldings, 'teams'>) {
  return { name, kind: 'user' as const, avatar: avatarOf(kind, name), repositories }
}

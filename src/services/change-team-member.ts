import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import { findAccountByName, type Account } from '#store/account.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { deleteInvite } from '#store/team-invite.ts'
import {
  deleteTeamMember,
  insertTeamMemberships,
  isOrganizationMember,
  isTeamMember,
} from '#store/team.ts'
import type { Deps } from '#deps.ts'
import { isFitting, unknownAccount } from './foreign-robot.ts'
import { demandTeam, holdOrganization } from './hold-organization.ts'
import { inviteUser } from './invite-to-team.ts'
import { demandAdminLeft } from './last-admin.ts'
import { demandOwnAdmin } from './own-admin.ts'

/** A membership, named by who changes it. */
export interface MembershipOf {
  organization: NamespaceTarget
  teamName: string
  memberName: string
  actor: UserActor
}

/**
 * Adds a robot of the organization or one of its members to a team at once; anybody else too, unless the registry
 * sends mail and wants outsiders asked: then they are invited. Throws `not_found` without the team, `invalid_request`
 * for an unknown account, a robot of another namespace, and somebody who is in the team already.
 */
export async function addTeamMember(
  deps: Deps,
  wanted: MembershipOf,
): Promise<{ account: Account; isInvited: boolean }> {
  const { organization, actor, memberName } = wanted
  const named = await findAccountByName(deps.db, memberName)
  return transact(deps.db, async (tx) => {
    await holdOrganization(tx, organization, named?.id)
    const team = await demandTeam(tx, wanted)
    // Asked again now that it is held: it may have gone, or turned into an organization.
    const account = await findAccountByName(tx, memberName)
    if (!account || account.id !== named?.id || !isFitting(account, organization.id))
      throw unknownAccount(memberName, organization.name)
    if (await isTeamMember(tx, { teamId: team.id, userId: account.id }))
      throw new RegistryError(
        'invalid_request',
        `${account.name} is in the team ${team.name} already`,
      )
    if (await mustBeAsked(tx, { deps, account, organization })) {
      await inviteUser(deps, tx, { organization, team, actor, account })
      return { account, isInvited: true }
    }
    await insertTeamMemberships(tx, { teamIds: [team.id], userId: account.id })
    await deleteInvite(tx, { teamId: team.id, invitee: { userId: account.id } })
    await logMember(deps, tx, { kind: 'org_add_team_member', ...wanted })
    return { account, isInvited: false }
  })
}

/**
 * Takes back the invitation of somebody into a team, or else takes them out of it. Throws `not_found` without the
 * team or the account; `invalid_request` for who is not in the team, and when the organization would be left without
 * an administrator or the caller would cease to be one.
 */
export async function removeTeamMember(deps: Deps, wanted: MembershipOf): Promise<void> {
  const { organization, actor, memberName } = wanted
  const namespaceId = organization.id
  await transact(deps.db, async (tx) => {
    await holdOrganization(tx, organization)
    const team = await demandTeam(tx, wanted)
    const account = await findAccountByName(tx, memberName)
    if (!account || !isFitting(account, organization.id))
      throw new RegistryError('not_found', `no user ${memberName}`)
    if (await deleteInvite(tx, { teamId: team.id, invitee: { userId: account.id } }))
      return logMember(deps, tx, { kind: 'org_delete_team_member_invite', ...wanted })
    if (team.role === 'admin') {
      const loss = { namespaceId, without: { teamId: team.id, userId: account.id } }
      await demandOwnAdmin(tx, { ...loss, actor })
      await demandAdminLeft(tx, loss)
    }
    if (!(await deleteTeamMember(tx, { teamId: team.id, userId: account.id })))
      throw new RegistryError('invalid_request', `${memberName} is not in the team ${team.name}`)
    await logMember(deps, tx, { kind: 'org_remove_team_member', ...wanted })
  })
}

async function mustBeAsked(
  tx: Tx,
  of: { deps: Deps; account: Account; organization: NamespaceTarget },
): Promise<boolean> {
  const { FEATURE_MAILING, FEATURE_REQUIRE_TEAM_INVITE } = of.deps.config
  if (of.account.kind === 'robot' || !FEATURE_MAILING || !FEATURE_REQUIRE_TEAM_INVITE) return false
  return !(await isOrganizationMember(tx, {
    namespaceId: of.organization.id,
    userId: of.account.id,
  }))
}

async function logMember(
  { clock }: Deps,
  tx: Tx,
  entry: MembershipOf & {
    kind: 'org_add_team_member' | 'org_remove_team_member' | 'org_delete_team_member_invite'
  },
): Promise<void> {
  const { kind, actor, organization, teamName: team, memberName: member } = entry
  // An invitation says whom it was for as it says whether it went to a name or to an address.
  const invited = kind === 'org_delete_team_member_invite' ? { user: member } : {}
  const metadata = { ...invited, member, team }
  await writeLog(tx, { kind, actor, namespaceId: organization.id, metadata, at: clock.now() })
}

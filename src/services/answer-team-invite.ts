import { hashToken } from '#credentials/secrets.ts'
import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLogs } from '#store/log.ts'
import { deleteInviteById, findInvite, takeInvites, type TeamInvite } from '#store/team-invite.ts'
import { insertTeamMemberships } from '#store/team.ts'
import type { Deps } from '#deps.ts'
import { holdOrganization } from './hold-organization.ts'

/** An invitation, named by its code, and who answers it. */
export interface InviteOf {
  code: string
  actor: UserActor
}

/**
 * Puts a user into the team of an invitation, and into all others of the same organization that they are invited to.
 * Throws `invalid_request` for a code that is unknown, used, taken back or somebody else's.
 */
export async function acceptInvite(deps: Deps, wanted: InviteOf): Promise<TeamInvite> {
  const { actor } = wanted
  const invite = await demandInvite(deps, wanted)
  const { namespaceId } = invite
  return transact(deps.db, async (tx) => {
    await hold(tx, { invite, actor })
    const taken = await takeInvites(tx, { namespaceId, userId: actor.id })
    if (!taken.some(({ id }) => id === invite.id)) throw unknownCode()
    const teamIds = taken.map(({ teamId }) => teamId)
    await insertTeamMemberships(tx, { teamIds, userId: actor.id })
    await log(deps, tx, { kind: 'accepted', invites: taken, actor })
    return invite
  })
}

/** Removes one invitation of a user. Throws `invalid_request` like `acceptInvite`. */
export async function declineInvite(deps: Deps, wanted: InviteOf): Promise<void> {
  const { actor } = wanted
  const invite = await demandInvite(deps, wanted)
  await transact(deps.db, async (tx) => {
    await hold(tx, { invite, actor })
    if (!(await deleteInviteById(tx, invite.id))) throw unknownCode()
    await log(deps, tx, { kind: 'declined', invites: [invite], actor })
  })
}

/** What an invitation of a user is for; it is left as it is. Undefined where `acceptInvite` would throw. */
export function lookAtInvite(
  { db }: Pick<Deps, 'db'>,
  { code, actor }: InviteOf,
): Promise<TeamInvite | undefined> {
  return findInvite(db, { codeHash: hashToken(code), userId: actor.id })
}

async function demandInvite(deps: Deps, wanted: InviteOf): Promise<TeamInvite> {
  const invite = await lookAtInvite(deps, wanted)
  if (!invite) throw unknownCode()
  return invite
}

/** One text for all of it: whether somebody else was invited is not told. */
function unknownCode(): RegistryError {
  return new RegistryError('invalid_request', 'This code invites you to no team')
}

function hold(tx: Tx, { invite, actor }: { invite: TeamInvite; actor: UserActor }): Promise<void> {
  const { namespaceId: id, organization: name } = invite
  return holdOrganization(tx, { id, name }, actor.id)
}

async function log(
  { clock }: Deps,
  tx: Tx,
  answer: { kind: 'accepted' | 'declined'; invites: readonly TeamInvite[]; actor: UserActor },
): Promise<void> {
  const { kind, invites, actor } = answer
  const entries = invites.map(({ namespaceId, team, inviter }) => ({
    kind: `org_team_member_invite_${kind}` as const,
    actor,
    namespaceId,
    metadata: { member: actor.username, team, inviter },
    at: clock.now(),
  }))
  await writeLogs(tx, entries)
}

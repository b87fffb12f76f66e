import { hashToken, randomToken } from '#credentials/secrets.ts'
import { RegistryError } from '#domain/errors.ts'
import { parseEmail } from '#domain/name.ts'
import type { UserActor } from '#domain/principal.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import type { Account } from '#store/account.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { deleteInvite, saveInvite, type Invitee } from '#store/team-invite.ts'
import type { Team } from '#store/team.ts'
import { insertNotification } from '#store/user-notification.ts'
import type { Deps } from '#deps.ts'
import { demandTeam, holdOrganization } from './hold-organization.ts'
import { queueMail } from './queue-mail.ts'

interface Invitation {
  organization: NamespaceTarget
  team: Team
  actor: UserActor
}

/** Invites a user by name: with a notification, and with a mail where there is an address. The caller holds the organization. */
export async function inviteUser(
  deps: Deps,
  tx: Tx,
  { account, ...invitation }: Invitation & { account: Account },
): Promise<void> {
  const { id, code } = await invite(deps, tx, { ...invitation, invitee: { userId: account.id } })
  // Whoever reads the notification gets the code again; the invitation itself has its hash alone.
  const sealed_code = deps.sealer.seal(code).toString('base64')
  await insertNotification(tx, {
    namespaceId: account.id,
    kind: 'org_team_invite',
    metadata: { sealed_code },
    teamInviteId: id,
    at: deps.clock.now(),
  })
  if (account.email !== null) await mailCode(deps, tx, { ...invitation, code, to: account.email })
  await log(deps, tx, { ...invitation, whom: { user: account.name, member: account.name } })
}

/** A team and an address, named by who invites. */
export interface EmailInviteOf {
  organization: NamespaceTarget
  teamName: string
  email: string
  actor: UserActor
}

/** Invites whoever has an e-mail address. Throws `not_found` without the team, `invalid_request` for a bad address. */
export async function inviteEmail(deps: Deps, wanted: EmailInviteOf): Promise<void> {
  const { organization, actor } = wanted
  const email = parseEmail(wanted.email)
  await transact(deps.db, async (tx) => {
    await holdOrganization(tx, organization)
    const invitation = { organization, actor, team: await demandTeam(tx, wanted) }
    const { code } = await invite(deps, tx, { ...invitation, invitee: { email } })
    await mailCode(deps, tx, { ...invitation, code, to: email })
    await log(deps, tx, { ...invitation, whom: { email, member: email } })
  })
}

/** Takes back an invitation that went to an address. Throws `not_found` without the team or the invitation. */
export async function withdrawEmailInvite(deps: Deps, wanted: EmailInviteOf): Promise<void> {
  const { organization, actor, email } = wanted
  await transact(deps.db, async (tx) => {
    await holdOrganization(tx, organization)
    const team = await demandTeam(tx, wanted)
    if (!(await deleteInvite(tx, { teamId: team.id, invitee: { email } })))
      throw new RegistryError('not_found', `${email} is not invited to the team ${team.name}`)
    await writeLog(tx, {
      kind: 'org_delete_team_member_invite',
      actor,
      namespaceId: organization.id,
      metadata: { email, member: email, team: team.name },
      at: deps.clock.now(),
    })
  })
}

async function invite(
  { clock }: Deps,
  tx: Tx,
  { team, actor, invitee }: Invitation & { invitee: Invitee },
): Promise<{ id: number; code: string }> {
  const code = randomToken(40)
  const id = await saveInvite(tx, {
    teamId: team.id,
    invitee,
    inviterId: actor.id,
    codeHash: hashToken(code),
    at: clock.now(),
  })
  return { id, code }
}

async function mailCode(
  deps: Deps,
  tx: Tx,
  { organization, team, actor, code, to }: Invitation & { code: string; to: string },
): Promise<void> {
  await queueMail(deps, tx, {
    kind: 'invite-to-team',
    to,
    inviter: actor.username,
    organization: organization.name,
    team: team.name,
    code,
  })
}

async function log(
  { clock }: Deps,
  tx: Tx,
  { organization, team, actor, whom }: Invitation & { whom: Record<string, string> },
): Promise<void> {
  await writeLog(tx, {
    kind: 'org_invite_team_member',
    actor,
    namespaceId: organization.id,
    metadata: { ...whom, team: team.name },
    at: clock.now(),
  })
}

import { sql } from 'kysely'

import type { Db, Tx } from './db.ts'

/** Whom an invitation is for: a user, or whoever has the e-mail address. */
export type Invitee = { userId: number } | { email: string }

/** An invitation into a team, as its code finds it. */
export interface TeamInvite {
  id: number
  teamId: number
  team: string
  namespaceId: number
  organization: string
  /** Name of the user who invited; null when that account is gone. */
  inviter: string | null
}

interface Row {
  id: number
  team_id: number
  team: string
  namespace_id: number
  organization: string
  inviter: string | null
}

/** Writes an invitation down and gives its id; one for the same invitee and team gets the new code and inviter. */
export async function saveInvite(
  tx: Tx,
  invite: { teamId: number; invitee: Invitee; inviterId: number; codeHash: string; at: Date },
): Promise<number> {
  const fresh = { code_hash: invite.codeHash, inviter_id: invite.inviterId, created_at: invite.at }
  const { id } = await tx
    .insertInto('team_invite')
    .values({ team_id: invite.teamId, ...columnsOf(invite.invitee), ...fresh })
    .onConflict((conflict) => conflict.columns(['team_id', 'user_id', 'email']).doUpdateSet(fresh))
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

function columnsOf(invitee: Invitee) {
  return 'email' in invitee ? { email: invitee.email } : { user_id: invitee.userId }
}

/** Removes the invitation of an invitee into a team. False when there is none. */
export async function deleteInvite(
  tx: Tx,
  { teamId, invitee }: { teamId: number; invitee: Invitee },
): Promise<boolean> {
  const invites = tx.deleteFrom('team_invite').where('team_id', '=', teamId)
  const { numDeletedRows } = await (
    'email' in invitee
      ? invites.where('email', '=', invitee.email)
      : invites.where('user_id', '=', invitee.userId)
  ).executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** Who is invited into a team: a user with their own address, or an address. */
export interface PendingInvite {
  username: string | null
  email: string | null
}

/** The first `limit` open invitations into a team: users by name, then addresses. */
export async function listInvites(
  db: Db,
  wanted: { teamId: number; limit: number },
): Promise<PendingInvite[]> {
  const { rows } = await sql<PendingInvite>`
    select u.name as username, coalesce(a.email, i.email) as email
    from team_invite i
      left join namespace u on u.id = i.user_id left join user_account a on a.namespace_id = i.user_id
    where i.team_id = ${wanted.teamId} and u.deleted_at is null
    order by u.name nulls last, i.email limit ${wanted.limit}`.execute(db)
  return rows
}

/**
 * An invitation by the sha256 of its code, when it is for this user: by name, or by the address that the user has
 * confirmed. Undefined for a code that nobody knows and for one of somebody else.
 */
export async function findInvite(
  db: Db,
  wanted: { codeHash: string; userId: number },
): Promise<TeamInvite | undefined> {
  const { rows } = await sql<Row>`
    select ${columns} from team_invite i ${joins}
    where i.code_hash = ${wanted.codeHash} and ${isFor(wanted.userId)}`.execute(db)
  return rows.map(read)[0]
}

/** Removes every invitation of a user into teams of an organization, and gives what they were. */
export async function takeInvites(
  tx: Tx,
  wanted: { namespaceId: number; userId: number },
): Promise<TeamInvite[]> {
  const { rows } = await sql<Row>`
    with taken as (
      delete from team_invite i using team t
      where t.id = i.team_id and t.namespace_id = ${wanted.namespaceId} and ${isFor(wanted.userId)}
      returning i.*)
    select ${columns} from taken i ${joins} order by i.id`.execute(tx)
  return rows.map(read)
}

/** Removes one invitation. False when it is gone already. */
export async function deleteInviteById(tx: Tx, id: number): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('team_invite')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

const columns = sql`i.id, i.team_id, t.name as team, t.namespace_id, o.name as organization, p.name as inviter`
const joins = sql`join team t on t.id = i.team_id
  join namespace o on o.id = t.namespace_id and o.deleted_at is null
  left join namespace p on p.id = i.inviter_id`
const isFor = (userId: number) => sql`(i.user_id = ${userId} or i.email =
  (select a.email from user_account a where a.namespace_id = ${userId} and a.is_verified))`

function read({ id, team_id, team, namespace_id, organization, inviter }: Row): TeamInvite {
  return { id, teamId: team_id, team, namespaceId: namespace_id, organization, inviter }
}

/** The address that an invitation went to; undefined for an unknown code, and where a user was invited. */
export async function findInvitedEmail(db: Db, codeHash: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('team_invite as i')
    .innerJoin('team as t', 't.id', 'i.team_id')
    .innerJoin('namespace as n', 'n.id', 't.namespace_id')
    .select('i.email')
    .where('i.code_hash', '=', codeHash)
    .where('n.deleted_at', 'is', null)
    .executeTakeFirst()
  return row?.email ?? undefined
}

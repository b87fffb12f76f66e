import { sql } from 'kysely'

import type { Db, Tx } from './db.ts'

/** A bounded part of a namespace that is on its way out. */
export interface NamespacePart {
  namespaceId: number
  limit: number
}

/**
 * Takes a namespace out of sight and out of use; the name stays taken. Its e-mail address is free. Passwords, sessions,
 * tokens made from them and codes in mails are over; everything else that logs in asks whether the namespace is still there.
 */
export async function markNamespaceForDeletion(
  tx: Tx,
  { namespaceId, at }: { namespaceId: number; at: Date },
): Promise<void> {
  await tx
    .updateTable('namespace')
    .set({ deleted_at: at, enabled: false })
    .where('id', '=', namespaceId)
    .execute()
  await tx
    .updateTable('organization')
    .set({ email: null })
    .where('namespace_id', '=', namespaceId)
    .execute()
  await tx
    .updateTable('user_account')
    .set({
      email: null,
      password_hash: null,
      session_epoch: sql`gen_random_uuid()`,
      credential_epoch: sql`gen_random_uuid()`,
    })
    .where('namespace_id', '=', namespaceId)
    .execute()
  await tx.deleteFrom('session').where('user_id', '=', namespaceId).execute()
  await tx.deleteFrom('mail_code').where('user_id', '=', namespaceId).execute()
}

/** Takes back what an account holds in namespaces of others: memberships, invitations, grants, default permissions. */
export async function endHoldings(tx: Tx, accountId: number): Promise<void> {
  await tx.deleteFrom('team_member').where('user_id', '=', accountId).execute()
  await tx.deleteFrom('team_invite').where('user_id', '=', accountId).execute()
  await tx.deleteFrom('repository_grant').where('user_id', '=', accountId).execute()
  await tx
    .deleteFrom('default_permission')
    .where((eb) =>
      eb.or([eb('activating_user_id', '=', accountId), eb('delegate_user_id', '=', accountId)]),
    )
    .execute()
}

/** Takes back the invitations into the teams of a namespace. */
export async function deleteInvitesInto(tx: Tx, namespaceId: number): Promise<void> {
  await sql`
    delete from team_invite
    where team_id in (select id from team where namespace_id = ${namespaceId})`.execute(tx)
}

/** True for a namespace that was deleted and still has its row. Nothing brings it back. */
export async function isNamespaceDeleted(db: Db, id: number): Promise<boolean> {
  const row = await db
    .selectFrom('namespace')
    .select('id')
    .where('id', '=', id)
    .where('deleted_at', 'is not', null)
    .executeTakeFirst()
  return row !== undefined
}

/** Marks repositories of a deleted namespace for deletion, by id after `afterId`, and gives them. */
export async function markRepositoriesIn(
  db: Db,
  { namespaceId, afterId, limit }: NamespacePart & { afterId: number },
): Promise<{ id: number }[]> {
  const { rows } = await sql<{ id: number }>`
    with part as (
      select id from repository
      where namespace_id = ${namespaceId} and id > ${afterId} order by id limit ${limit})
    , marked as (
      update repository set name = 'deleted-' || uuid::text, state = 'MARKED_FOR_DELETION'
      where id in (select id from part) and state <> 'MARKED_FOR_DELETION')
    select id from part order by id`.execute(db)
  return rows
}

/** Lets go of audit entries that are logged under a namespace; gives how many. They stay. */
export async function releaseEntriesUnder(
  db: Db,
  { namespaceId, limit }: NamespacePart,
): Promise<number> {
  const result = await sql`
    update log_entry set namespace_id = null
    where id in (select id from log_entry where namespace_id = ${namespaceId} limit ${limit})`.execute(
    db,
  )
  return Number(result.numAffectedRows ?? 0n)
}

/** Lets go of audit entries that a user or the robots of a namespace have caused; gives how many. They keep the name. */
export async function releaseEntriesBy(
  db: Db,
  { namespaceId, limit }: NamespacePart,
): Promise<number> {
  const result = await sql`
    update log_entry l set performer_id = null, performer_name = coalesce(l.performer_name, n.name)
    from namespace n
    where n.id = l.performer_id and l.id in (
      select id from log_entry where performer_id in (
        select account_id from robot where owner_id = ${namespaceId} union all select ${namespaceId}::bigint)
      limit ${limit})`.execute(db)
  return Number(result.numAffectedRows ?? 0n)
}

/** Removes robots with their accounts; gives how many. */
export async function deleteRobotsOf(
  db: Db,
  { namespaceId, limit }: NamespacePart,
): Promise<number> {
  const result = await sql`
    delete from namespace where id in (
      select account_id from robot where owner_id = ${namespaceId} limit ${limit})`.execute(db)
  return Number(result.numAffectedRows ?? 0n)
}

/** Removes teams with members, grants and invitations; gives how many. */
export async function deleteTeamsOf(
  db: Db,
  { namespaceId, limit }: NamespacePart,
): Promise<number> {
  const result = await sql`
    delete from team where id in (
      select id from team where namespace_id = ${namespaceId} limit ${limit})`.execute(db)
  return Number(result.numAffectedRows ?? 0n)
}

/** Removes OAuth applications with their tokens; gives how many. */
export async function deleteApplicationsOf(
  db: Db,
  { namespaceId, limit }: NamespacePart,
): Promise<number> {
  const result = await sql`
    delete from oauth_application where id in (
      select id from oauth_application where namespace_id = ${namespaceId} limit ${limit})`.execute(
    db,
  )
  return Number(result.numAffectedRows ?? 0n)
}

/** Removes the row of a deleted namespace, with what little is left under it; false while it has a repository. */
export async function deleteMarkedNamespace(db: Db, id: number): Promise<boolean> {
  const result = await sql`
    delete from namespace n where n.id = ${id} and n.deleted_at is not null
      and not exists (select from repository r where r.namespace_id = n.id)`.execute(db)
  return (result.numAffectedRows ?? 0n) > 0n
}

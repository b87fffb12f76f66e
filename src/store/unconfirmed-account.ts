import { sql } from 'kysely'

import type { Db, Tx } from './db.ts'

/**
 * An account that its owner asked for before a time and has not confirmed since: no code can confirm it any more, it
 * owns nothing, and nobody has given it anything. One that a superuser has disabled is not among them.
 */
const unconfirmed = (before: Date) => sql`
  select n.id, n.name from user_account u join namespace n on n.id = u.namespace_id
  where u.signed_up_at < ${before} and not u.is_verified and n.enabled and n.deleted_at is null
    and not exists (select from mail_code c where c.user_id = n.id)
    and not exists (select from repository r where r.namespace_id = n.id)
    and not exists (select from robot r where r.owner_id = n.id)
    and not exists (select from oauth_application a where a.namespace_id = n.id)
    and not exists (select from team_member m where m.user_id = n.id)
    and not exists (select from team_invite i where i.user_id = n.id)
    and not exists (select from repository_grant g where g.user_id = n.id)
    and not exists (select from default_permission d where d.activating_user_id = n.id)
    and not exists (select from default_permission d where d.delegate_user_id = n.id)`

/** An account that was never confirmed. */
export interface UnconfirmedAccount {
  id: number
  name: string
}

/** Accounts that were asked for before a time and never confirmed, by id after `afterId`. */
export async function listUnconfirmedAccounts(
  db: Db,
  { before, afterId, limit }: { before: Date; afterId: number; limit: number },
): Promise<UnconfirmedAccount[]> {
  const { rows } = await sql<UnconfirmedAccount>`
    ${unconfirmed(before)} and u.namespace_id > ${afterId} order by u.namespace_id limit ${limit}`.execute(
    db,
  )
  return rows
}

/** The same of one account. Who asks after `lockIdleAccount` gets an answer that holds until the transaction ends. */
export async function isUnconfirmed(
  tx: Tx,
  { id, before }: { id: number; before: Date },
): Promise<boolean> {
  const { rows } = await sql`${unconfirmed(before)} and u.namespace_id = ${id}`.execute(tx)
  return rows.length > 0
}

/**
 * Holds an account against everybody who would change it or make something that points at it, until the transaction
 * ends. False, without waiting, while somebody else is at it.
 */
export async function lockIdleAccount(tx: Tx, id: number): Promise<boolean> {
  const { rows } = await sql`
    select n.id from namespace n join user_account u on u.namespace_id = n.id
    where n.id = ${id} for update of n, u skip locked`.execute(tx)
  return rows.length > 0
}

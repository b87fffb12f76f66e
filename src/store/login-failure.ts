import { sql } from 'kysely'

import { countingSince } from '#domain/lockout.ts'
import type { Db, Tx } from './db.ts'

/*
 * Wrong passwords for what was typed as a login, by its hash: an e-mail address, whether somebody has it or not, or a
 * name that nobody has. Those for the name of a user stand on the account.
 */

/** Wrong passwords for a login; undefined when there were none. */
export async function findLoginFailures(
  db: Db,
  loginHash: string,
): Promise<{ failed_sign_ins: number; last_failed_sign_in_at: Date } | undefined> {
  return db
    .selectFrom('unknown_sign_in')
    .select(['failed_sign_ins', 'last_failed_sign_in_at'])
    .where('login_hash', '=', loginHash)
    .executeTakeFirst()
}

/** Counts a wrong password for a login. */
export async function recordLoginFailure(db: Db, loginHash: string, at: Date): Promise<void> {
  await sql`
    insert into unknown_sign_in as u (login_hash, failed_sign_ins, last_failed_sign_in_at)
    values (${loginHash}, 1, ${at})
    on conflict (login_hash) do update set
      failed_sign_ins =
        case when u.last_failed_sign_in_at < ${countingSince(at)} then 1 else u.failed_sign_ins + 1 end,
      last_failed_sign_in_at = ${at}`.execute(db)
}

/** Forgets the wrong passwords for a login before a right one. */
export async function clearLoginFailures(db: Db, loginHash: string): Promise<void> {
  await db.deleteFrom('unknown_sign_in').where('login_hash', '=', loginHash).execute()
}

/** Forgets the wrong passwords for the e-mail address of a user, who has a new password now. */
export async function clearFailuresByAddress(tx: Tx, userId: number): Promise<void> {
  await sql`
    delete from unknown_sign_in where login_hash = (
      select encode(sha256(convert_to(email, 'UTF8')), 'hex')
      from user_account where namespace_id = ${userId})`.execute(tx)
}

/** Forgets what no longer counts. */
export async function deleteOldLoginFailures(db: Db, at: Date): Promise<void> {
  await db
    .deleteFrom('unknown_sign_in')
    .where('last_failed_sign_in_at', '<', countingSince(at))
    .execute()
}

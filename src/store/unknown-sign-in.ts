import { sql } from 'kysely'

import { countingSince } from '#domain/lockout.ts'
import type { Db } from './db.ts'

/** Wrong passwords for a login that no user has; undefined when there were none. */
export async function findUnknownSignIn(
  db: Db,
  loginHash: string,
): Promise<{ failed_sign_ins: number; last_failed_sign_in_at: Date } | undefined> {
  return db
    .selectFrom('unknown_sign_in')
    .select(['failed_sign_ins', 'last_failed_sign_in_at'])
    .where('login_hash', '=', loginHash)
    .executeTakeFirst()
}

/** Counts a wrong password for a login that no user has. */
export async function recordUnknownSignIn(db: Db, loginHash: string, at: Date): Promise<void> {
  await sql`
    insert into unknown_sign_in as u (login_hash, failed_sign_ins, last_failed_sign_in_at)
    values (${loginHash}, 1, ${at})
    on conflict (login_hash) do update set
      failed_sign_ins =
        case when u.last_failed_sign_in_at < ${countingSince(at)} then 1 else u.failed_sign_ins + 1 end,
      last_failed_sign_in_at = ${at}`.execute(db)
}

/** Forgets what no longer counts. */
export async function deleteOldUnknownSignIns(db: Db, at: Date): Promise<void> {
  await db
    .deleteFrom('unknown_sign_in')
    .where('last_failed_sign_in_at', '<', countingSince(at))
    .execute()
}

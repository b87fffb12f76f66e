import { sql } from 'kysely'

import { only, type Db, type Tx } from './db.ts'

/** What is bounded is counted for so long. */
const windowSeconds = 3600

/**
 * Counts a mail, or something else that anybody can cause; gives how many there are of its key in the window of an hour
 * that began with the first. What the transaction takes back does not count.
 */
export async function countThisHour(
  tx: Tx,
  { key, at }: { key: string; at: Date },
): Promise<number> {
  const windowStart = new Date(at.getTime() - windowSeconds * 1000)
  const { rows } = await sql<{ mails: number }>`
    insert into mail_budget as b (key_hash, window_started_at, mails)
    values (encode(sha256(convert_to(${key}, 'UTF8')), 'hex'), ${at}, 1)
    on conflict (key_hash) do update set
      mails = case when b.window_started_at <= ${windowStart} then 1 else b.mails + 1 end,
      window_started_at = case when b.window_started_at <= ${windowStart} then ${at} else b.window_started_at end
    returning mails`.execute(tx)
  return only(rows).mails
}

/** Forgets windows that are over. */
export async function deleteOldMailCounts(db: Db, at: Date): Promise<void> {
  const windowStart = new Date(at.getTime() - windowSeconds * 1000)
  await db.deleteFrom('mail_budget').where('window_started_at', '<=', windowStart).execute()
}

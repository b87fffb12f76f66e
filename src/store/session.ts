import type { Db } from './db.ts'

/** A browser session: its content is koa-session's, its user is known to the database. */
export interface SessionRow {
  content: unknown
  expires_at: Date
}

export function findSession(db: Db, idHash: string, at: Date): Promise<SessionRow | undefined> {
  return db
    .selectFrom('session')
    .select(['content', 'expires_at'])
    .where('id_hash', '=', idHash)
    .where('expires_at', '>', at)
    .executeTakeFirst()
}

export async function saveSession(
  db: Db,
  session: { idHash: string; content: unknown; userId: number; expiresAt: Date },
): Promise<void> {
  const changed = {
    content: JSON.stringify(session.content),
    user_id: session.userId,
    expires_at: session.expiresAt,
  }
  await db
    .insertInto('session')
    .values({ id_hash: session.idHash, ...changed })
    .onConflict((conflict) => conflict.column('id_hash').doUpdateSet(changed))
    .execute()
}

export async function deleteSession(db: Db, idHash: string): Promise<void> {
  await db.deleteFrom('session').where('id_hash', '=', idHash).execute()
}

/** Removes sessions whose time is over. Gives how many. */
export async function deleteExpiredSessions(db: Db, at: Date): Promise<number> {
  const result = await db.deleteFrom('session').where('expires_at', '<=', at).executeTakeFirst()
  return Number(result.numDeletedRows)
}

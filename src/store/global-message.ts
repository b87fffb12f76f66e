import { sql } from 'kysely'

import type { Db, Tx } from './db.ts'

/** A message for everybody. */
export interface GlobalMessage {
  uuid: string
  content: string
  severity: 'info' | 'warning' | 'error'
  media_type: 'text/plain' | 'text/markdown'
}

/** Messages, oldest first: the first `limit` of them. */
export function listGlobalMessages(db: Db, limit: number): Promise<GlobalMessage[]> {
  return db
    .selectFrom('global_message')
    .select(['uuid', 'content', 'severity', 'media_type'])
    .orderBy('id')
    .limit(limit)
    .execute() as Promise<GlobalMessage[]>
}

/** Keeps a message unless there are `most` already; false when there are. */
export async function insertGlobalMessage(
  tx: Tx,
  message: Omit<GlobalMessage, 'uuid'> & { at: Date; most: number },
): Promise<boolean> {
  // Two superusers at once would otherwise both count before either has inserted.
  await sql`select pg_advisory_xact_lock(hashtext('global_message'))`.execute(tx)
  const { numAffectedRows } = await sql`
    insert into global_message (content, severity, media_type, created_at)
    select ${message.content}, ${message.severity}, ${message.media_type}, ${message.at}::timestamptz
    where (select count(*) from global_message) < ${message.most}`.execute(tx)
  return numAffectedRows === 1n
}

/** Removes a message, when it is there. */
export async function deleteGlobalMessage(db: Db, uuid: string): Promise<void> {
  await db.deleteFrom('global_message').where('uuid', '=', uuid).execute()
}

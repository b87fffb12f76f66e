import { sql } from 'kysely'

import type { Tx } from './db.ts'

/** Before the id of a key, where notifications are found by it. */
export const keyNotification = 'service_key:'

/** Tells every superuser that a key waits for approval. */
export async function announceKey(
  tx: Tx,
  key: {
    kid: string
    metadata: Record<string, unknown>
    at: Date
    rules: { SUPER_USERS: readonly string[]; GLOBAL_READONLY_SUPER_USERS: readonly string[] }
  },
): Promise<void> {
  const { SUPER_USERS: named, GLOBAL_READONLY_SUPER_USERS: readonly } = key.rules
  await sql`
    insert into user_notification (namespace_id, kind, metadata, lookup_key, created_at)
    select n.id, 'service_key_submitted', ${JSON.stringify(key.metadata)}::jsonb,
      ${keyNotification + key.kid}, ${key.at}::timestamptz
    from namespace n
    where n.id in (
        select namespace_id from user_account where is_superuser
        union select id from namespace where name = any(${named}::text[]))
      and n.kind = 'user' and n.deleted_at is null and n.name <> all(${readonly}::text[])
    order by n.id`.execute(tx)
}

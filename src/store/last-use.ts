import { sql } from 'kysely'

import type { UsedKind } from '#domain/last-use.ts'
import type { Db } from './db.ts'

const tables: Record<UsedKind, { table: string; id: string }> = {
  robot: { table: 'robot', id: 'account_id' },
  app_token: { table: 'app_token', id: 'id' },
  oauth_token: { table: 'oauth_token', id: 'id' },
}

/**
 * Writes when credentials of a kind were last used: one statement for all of them. A time never goes back. A row
 * that somebody else holds is left out, so that two nodes cannot wait for each other.
 */
export async function saveLastUses(
  db: Db,
  kind: UsedKind,
  uses: ReadonlyMap<number, Date>,
): Promise<void> {
  const table = sql.table(tables[kind].table)
  const id = sql.ref(tables[kind].id)
  await sql`
    update ${table} t set last_used_at = u.at
    from unnest(${[...uses.keys()]}::bigint[], ${[...uses.values()]}::timestamptz[]) u (id, at)
    where t.${id} = u.id and (t.last_used_at is null or t.last_used_at < u.at)
      and t.${id} in (select ${id} from ${table} where ${id} = any (${[...uses.keys()]}::bigint[])
        for no key update skip locked)`.execute(db)
}

import { sql } from 'kysely'

import type { Db } from './db.ts'

/**
 * Does something that only one process at a time does on this database; undefined, with nothing done, while another
 * one is at it. It ends with the connection, so that nobody waits for a process that has died.
 */
export function exclusively<T>(
  db: Db,
  name: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const key = sql`hashtextextended(${name}, 0)`
  return db.connection().execute(async (connection) => {
    const { rows } = await sql<{ isFree: boolean }>`
      select pg_try_advisory_lock(${key}) as "isFree"`.execute(connection)
    if (!rows[0]?.isFree) return undefined
    try {
      return await work()
    } finally {
      await sql`select pg_advisory_unlock(${key})`.execute(connection)
    }
  })
}

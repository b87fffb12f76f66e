import { sql } from 'kysely'
import { expect } from 'vitest'

import type { Db, Tx } from '#store/db.ts'

/** Does something in a transaction and keeps it open, with its locks, until it is told to commit. */
export async function holdOpen(
  db: Db,
  work: (tx: Tx) => Promise<unknown>,
): Promise<{ commit(): Promise<void> }> {
  const begun = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const ended = db.transaction().execute(async (tx) => {
    await work(tx)
    begun.resolve()
    await released.promise
  })
  ended.catch(begun.reject)
  await begun.promise
  return {
    commit() {
      released.resolve()
      return ended
    },
  }
}

/** Waits until so many statements in this database wait for locks. */
export async function waitForWaiting(db: Db, count: number): Promise<void> {
  const waiting = async () => {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    return rows[0]!.count
  }
  await expect.poll(waiting, { timeout: 10_000 }).toBe(count)
}

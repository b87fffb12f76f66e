import { sql } from 'kysely'

import type { Db } from './db.ts'

/** Jobs and what each is told. */
export interface JobPayloads {
  'purge-repository': { repositoryId: number }
}

/** Adds a job, for now or for later; in a transaction it exists only if the transaction holds. */
export async function addJob<J extends keyof JobPayloads>(
  db: Db,
  job: J,
  payload: JobPayloads[J],
  runAt: Date | null = null,
): Promise<void> {
  await sql`select graphile_worker.add_job(${job}, ${JSON.stringify(payload)}::json, run_at := ${runAt})`.execute(
    db,
  )
}

import { sql, type Kysely } from 'kysely'

/**
 * An account that turns into an organization loses its row in `user_account`, and would have all of its audit entries
 * rewritten, millions of them, by one statement. They go on naming it by the id of its namespace, which nobody else
 * ever gets. Where that is purged, a job lets go of them in batches.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table log_entry drop constraint log_entry_performer_id_fkey`.execute(db)
}

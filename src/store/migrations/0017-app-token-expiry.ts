import { sql, type Kysely } from 'kysely'

/** App tokens that have expired are looked for every ten minutes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index app_token_expires on app_token (expires_at) where expires_at is not null`.execute(
    db,
  )
}

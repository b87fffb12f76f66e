import { sql, type Kysely } from 'kysely'

/** The list of all users skips robots and those on their way out; who the superusers are is asked with each submitted key. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index namespace_user on namespace (id) where kind = 'user' and deleted_at is null`.execute(
    db,
  )
  await sql`create index user_account_superuser on user_account (namespace_id) where is_superuser`.execute(
    db,
  )
}

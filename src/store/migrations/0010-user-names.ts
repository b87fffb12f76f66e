import { sql, type Kysely } from 'kysely'

/** Users are looked for by the start of their names, which robots of a user or an organization share. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index namespace_user_name on namespace (name) where kind = 'user' and deleted_at is null`.execute(
    db,
  )
}

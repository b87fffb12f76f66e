import { sql, type Kysely } from 'kysely'

const statements = [
  `create index repository_marked on repository (id) where state = 'MARKED_FOR_DELETION'`,
  `create index namespace_deleted on namespace (id) where deleted_at is not null`,
]

/** The clean-up looks for what waits for its removal, among everything that does not. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

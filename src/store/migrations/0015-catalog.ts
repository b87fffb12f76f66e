import { sql, type Kysely } from 'kysely'

const statements = [
  // The order of full names is that of the namespace with its slash, then that of the name inside it.
  `create index namespace_slash on namespace ((name || '/')) where kind <> 'robot'`,
  `create index repository_public on repository (namespace_id, name) where is_public`,
]

/** Indexes for pages of the catalog. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

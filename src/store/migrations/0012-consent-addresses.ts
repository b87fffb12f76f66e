import { sql, type Kysely } from 'kysely'

const statements = [
  // Where the code of a token went: consent counts there alone. Tokens that no code gave have none.
  `alter table oauth_token add column redirect_uri text collate "C"`,
]

/** Tokens remember the address that their code went to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

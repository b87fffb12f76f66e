import { sql, type Kysely } from 'kysely'

const statements = [
  // A code that is presented twice takes back what it gave (RFC 6749, 4.1.2).
  `alter table oauth_token add column code_hash text collate "C"`,
  `create unique index oauth_token_code on oauth_token (code_hash) where code_hash is not null`,
]

/** Tokens remember the code that they were given for. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

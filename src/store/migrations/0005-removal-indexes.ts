import { sql, type Kysely } from 'kysely'

const statements = [
  `create index oauth_token_created_by on oauth_token (created_by_id)`,
  `create index service_key_approver on service_key (approver_id)`,
]

/** Removing an account looks for what points at it: without these, through whole tables, once for each account. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

import { sql, type Kysely } from 'kysely'

const statements = [
  // When its owner asked for the account; null where somebody else made it, and for those that were there before.
  `alter table user_account add column signed_up_at timestamptz`,
  `create index user_account_unconfirmed on user_account (namespace_id)
    where signed_up_at is not null and not is_verified`,
]

/** Accounts that somebody asked for and never confirmed can be told from the others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

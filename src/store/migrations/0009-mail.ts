import { sql, type Kysely } from 'kysely'

const statements = [
  // How many mails of a kind went to an address since the window began. The key is a hash: nobody reads addresses here.
  `create table mail_budget (
    key_hash text collate "C" primary key,
    window_started_at timestamptz not null,
    mails integer not null
  )`,
  `create index mail_budget_window on mail_budget (window_started_at)`,
]

/** Bounds what anybody can have sent to an address. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

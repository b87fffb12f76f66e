import { sql, type Kysely } from 'kysely'

const statements = [
  // Wrong passwords for logins that no user has, by the sha256 of the login: they wait as an account does, so that
  // waiting tells nobody which accounts there are.
  `create table unknown_sign_in (
    login_hash text collate "C" primary key,
    failed_sign_ins integer not null,
    last_failed_sign_in_at timestamptz not null
  )`,
  `create index unknown_sign_in_last on unknown_sign_in (last_failed_sign_in_at)`,
]

/** Counts sign-ins with names and addresses that nobody has. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

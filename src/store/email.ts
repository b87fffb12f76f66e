import { sql } from 'kysely'

import type { Db, Tx } from './db.ts'

/** Holds back everybody else who would take the same e-mail address, until the transaction ends. */
export async function lockEmail(tx: Tx, email: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('email ' || ${email}, 0))`.execute(tx)
}

/** A user who has an e-mail address. */
export interface EmailHolder {
  name: string
}

/** The user who has an e-mail address. */
export function findEmailOwner(db: Db, email: string): Promise<EmailHolder | undefined> {
  return db
    .selectFrom('user_account as u')
    .innerJoin('namespace as n', 'n.id', 'u.namespace_id')
    .select('n.name')
    .where('u.email', '=', email)
    .where('n.deleted_at', 'is', null)
    .executeTakeFirst()
}

/** What else uses an e-mail address; `exceptId` is the namespace that asks for it. */
export async function findEmailHolder(
  db: Db,
  { email, exceptId }: { email: string; exceptId: number | null },
): Promise<{ byUser: boolean; byOrganization: boolean }> {
  const { rows } = await sql<{ byUser: boolean; byOrganization: boolean }>`
    select
      exists (select from user_account where email = ${email}
        and namespace_id is distinct from ${exceptId}::bigint) as "byUser",
      exists (select from organization where email = ${email}
        and namespace_id is distinct from ${exceptId}::bigint) as "byOrganization"`.execute(db)
  return rows[0]!
}

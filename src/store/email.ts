import { sql } from 'kysely'

import type { Db, Tx } from './db.ts'

/** Holds back everybody else who would take the same e-mail address, until the transaction ends. */
export async function lockEmail(tx: Tx, email: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('email ' || ${email}, 0))`.execute(tx)
}

/** Who has an e-mail address. */
export interface EmailHolder {
  name: string
  isOrganization: boolean
}

/** The user who has an e-mail address, or else the first of the organizations. */
export async function findEmailOwner(db: Db, email: string): Promise<EmailHolder | undefined> {
  const { rows } = await sql<EmailHolder>`
    select n.name, n.kind = 'organization' as "isOrganization" from namespace n
    where n.deleted_at is null and n.id in
      (select namespace_id from user_account where email = ${email}
        union all select namespace_id from organization where email = ${email})
    order by n.kind = 'organization', n.name limit 1`.execute(db)
  return rows[0]
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

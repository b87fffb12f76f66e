import type { Db, Tx } from './db.ts'

/** An address that is to get notifications of a repository. */
export interface RepositoryEmail {
  email: string
  isConfirmed: boolean
}

export async function findRepositoryEmail(
  db: Db,
  { repositoryId, email }: { repositoryId: number; email: string },
): Promise<RepositoryEmail | undefined> {
  const row = await db
    .selectFrom('repository_email')
    .select(['email', 'confirmed_at'])
    .where('repository_id', '=', repositoryId)
    .where('email', '=', email)
    .executeTakeFirst()
  return row && { email: row.email, isConfirmed: row.confirmed_at !== null }
}

/** Writes an address down, with the code that was sent to it. One that waits gets the new code; one that has agreed stays. */
export async function saveRepositoryEmail(
  tx: Tx,
  address: { repositoryId: number; email: string; codeHash: string; at: Date },
): Promise<void> {
  const sent = { code_hash: address.codeHash, created_at: address.at }
  await tx
    .insertInto('repository_email')
    .values({ repository_id: address.repositoryId, email: address.email, ...sent })
    .onConflict((conflict) =>
      conflict
        .columns(['repository_id', 'email'])
        .doUpdateSet(sent)
        .where('repository_email.confirmed_at', 'is', null),
    )
    .execute()
}

/** Takes down that the owner of an address agrees. False when the code is unknown, or was sent before `sentAfter`. */
export async function confirmRepositoryEmail(
  db: Db,
  wanted: { codeHash: string; sentAfter: Date; at: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('repository_email')
    .set((eb) => ({ confirmed_at: eb.fn.coalesce('confirmed_at', eb.val(wanted.at)) }))
    .where('code_hash', '=', wanted.codeHash)
    .where('created_at', '>', wanted.sentAfter)
    .where('repository_id', 'in', (eb) =>
      eb
        .selectFrom('repository as r')
        .innerJoin('namespace as n', 'n.id', 'r.namespace_id')
        .select('r.id')
        .where('r.state', '<>', 'MARKED_FOR_DELETION')
        .where('n.deleted_at', 'is', null),
    )
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Finds the address that a code was sent to after `sentAfter`, and the repository that it is for. */
export async function findRepositoryEmailByCode(
  db: Db,
  wanted: { codeHash: string; sentAfter: Date },
): Promise<{ email: string; repository: string } | undefined> {
  const row = await db
    .selectFrom('repository_email as e')
    .innerJoin('repository as r', 'r.id', 'e.repository_id')
    .innerJoin('namespace as n', 'n.id', 'r.namespace_id')
    .select(['e.email', 'n.name as namespace', 'r.name'])
    .where('e.code_hash', '=', wanted.codeHash)
    .where('e.created_at', '>', wanted.sentAfter)
    .where('r.state', '<>', 'MARKED_FOR_DELETION')
    .where('n.deleted_at', 'is', null)
    .executeTakeFirst()
  return row && { email: row.email, repository: `${row.namespace}/${row.name}` }
}

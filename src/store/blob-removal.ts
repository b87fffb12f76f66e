import { sql } from 'kysely'

import type { Digest } from '#domain/digest.ts'
import type { Db } from './db.ts'

/*
 * Who removes bytes and who pushes the same digest each put up a flag, commit it, and only then look for the flag of
 * the other: `blob.removing_since` here, `upload.finishing_digest` there. So at least one of the two sees the other,
 * whatever the order (ADR 0018).
 */

/** A blob whose bytes are being removed. */
export interface Removal {
  /** Of the row that is the flag. */
  blobId: number
  digest: Digest
}

/** Puts up the flag for bytes that no row names. Undefined when a row names them after all. */
export async function flagOrphan(
  db: Db,
  orphan: { digest: Digest; sizeBytes: number; at: Date },
): Promise<Removal | undefined> {
  const row = await db
    .insertInto('blob')
    .values({
      digest: orphan.digest,
      size_bytes: orphan.sizeBytes,
      created_at: orphan.at,
      condemned_at: orphan.at,
      removing_since: orphan.at,
    })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row && { blobId: row.id, digest: orphan.digest }
}

/** Takes over one removal whose flag is older than `before`: whoever put it up has died. */
export async function takeStalledRemoval(
  db: Db,
  stalled: { before: Date; at: Date },
): Promise<Removal | undefined> {
  const { rows } = await sql<{ id: number; digest: string }>`
    update blob set removing_since = ${stalled.at}
    where id = (select id from blob where removing_since < ${stalled.before}
      order by id limit 1 for update skip locked)
    returning id, digest`.execute(db)
  return rows[0] && { blobId: rows[0].id, digest: rows[0].digest as Digest }
}

/** Takes the flag down, and the row with it: the bytes are gone, or a push that is under way will say that they are not. */
export async function deleteRemoval(db: Db, { blobId }: Removal): Promise<void> {
  await db
    .deleteFrom('blob')
    .where('id', '=', blobId)
    .where('removing_since', 'is not', null)
    .execute()
}

/** True while somebody removes the bytes of the digest. */
export async function isBeingRemoved(db: Db, digest: Digest): Promise<boolean> {
  const row = await db
    .selectFrom('blob')
    .select('id')
    .where('digest', '=', digest)
    .where('removing_since', 'is not', null)
    .executeTakeFirst()
  return row !== undefined
}

/** Makes every removal look stalled: only for the one process that owns the database, at its start. */
export async function releaseAllRemovals(db: Db): Promise<void> {
  await db
    .updateTable('blob')
    .set({ removing_since: new Date(0) })
    .where('removing_since', 'is not', null)
    .execute()
}

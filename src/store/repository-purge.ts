import { sql } from 'kysely'

import type { Db } from './db.ts'

/* What removes a repository that was marked for deletion. One statement over everything could take longer than a
   statement may, so the tables that can be large go in batches; each gives the number of its rows. */

/** Some of a repository. */
export interface Batch {
  repositoryId: number
  limit: number
}

/** Removes lives of tags. */
export async function deleteTags(db: Db, { repositoryId, limit }: Batch): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from tag where id = any(array(
      select id from tag where repository_id = ${repositoryId} limit ${limit}))`.execute(db)
  return Number(numAffectedRows)
}

/** Removes manifests and what they name. Their tags must be gone. */
export async function deleteManifests(db: Db, { repositoryId, limit }: Batch): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from manifest where id = any(array(
      select id from manifest where repository_id = ${repositoryId} limit ${limit}))`.execute(db)
  return Number(numAffectedRows)
}

/** Lets go of blobs. The manifests must be gone. */
export async function unlinkBlobs(db: Db, { repositoryId, limit }: Batch): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from repository_blob where repository_id = ${repositoryId} and blob_id = any(array(
      select blob_id from repository_blob where repository_id = ${repositoryId}
      order by blob_id limit ${limit}))`.execute(db)
  return Number(numAffectedRows)
}

/** Lets audit entries outlive the repository. */
export async function detachLog(db: Db, { repositoryId, limit }: Batch): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update log_entry set repository_id = null where id = any(array(
      select id from log_entry where repository_id = ${repositoryId} order by id limit ${limit}))`.execute(
    db,
  )
  return Number(numAffectedRows)
}

/** True for a repository that was marked for deletion and still has rows. Nothing brings it back. */
export async function isMarkedForDeletion(db: Db, id: number): Promise<boolean> {
  const row = await db
    .selectFrom('repository')
    .select('id')
    .where('id', '=', id)
    .where('state', '=', 'MARKED_FOR_DELETION')
    .executeTakeFirst()
  return row !== undefined
}

/** Removes a repository that was marked for deletion, and all rows under it; false while it has an upload. */
export async function deleteMarkedRepository(db: Db, id: number): Promise<boolean> {
  const result = await db
    .deleteFrom('repository')
    .where('id', '=', id)
    .where('state', '=', 'MARKED_FOR_DELETION')
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('upload').select('upload.id').where('repository_id', '=', id)),
      ),
    )
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

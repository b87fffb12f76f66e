import { sql } from 'kysely'

import type { Digest } from '#domain/digest.ts'
import type { Db, Tx } from './db.ts'

/*
 * Whoever locks both locks the row of the blob before that of the repository's hold on it. Manifests and mounts lock both
 * against removal alone (`key share`): pushes of a blob that everybody has, which renew its rows, would else wait until
 * nobody names it. So a blob is condemned only when no repository holds it any more.
 */

/** A blob that a repository holds. */
export interface HeldBlob {
  id: number
  digest: Digest
  sizeBytes: number
  /** Its bytes were found to be damaged: nobody gets them until somebody pushes them again. */
  isDamaged: boolean
}

/** Finds a blob in a repository. */
export async function findBlob(
  db: Db,
  wanted: { repositoryId: number; digest: Digest },
): Promise<HeldBlob | undefined> {
  const row = await db
    .selectFrom('repository_blob as rb')
    .innerJoin('blob as b', 'b.id', 'rb.blob_id')
    .select(['b.id', 'b.size_bytes', 'b.damaged_at'])
    .where('rb.repository_id', '=', wanted.repositoryId)
    .where('b.digest', '=', wanted.digest)
    .where('b.condemned_at', 'is', null)
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      digest: wanted.digest,
      sizeBytes: row.size_bytes,
      isDamaged: row.damaged_at !== null,
    }
  )
}

/**
 * Which of the digests a repository holds. The rows are locked until the transaction ends, so that no
 * delete or collection takes a blob away from the manifest that is about to name it.
 */
export async function holdBlobs(
  tx: Tx,
  wanted: { repositoryId: number; digests: readonly Digest[] },
): Promise<Map<string, { id: number; sizeBytes: number }>> {
  const { rows } = await sql<{ id: number; digest: string; size_bytes: number }>`
    select b.id, b.digest, b.size_bytes from repository_blob rb join blob b on b.id = rb.blob_id
    where rb.repository_id = ${wanted.repositoryId} and b.condemned_at is null
      and b.damaged_at is null and b.digest = any(${wanted.digests}::text[])
    order by b.id for key share of b, rb`.execute(tx)
  return new Map(rows.map((row) => [row.digest, { id: row.id, sizeBytes: row.size_bytes }]))
}

/**
 * Says that the bytes of a blob are in the storage, good and durable, and that a repository holds it under a lease.
 * Revives a condemned or damaged row. False, with nothing done, while somebody removes the bytes of that digest.
 */
export async function insertBlob(
  tx: Tx,
  blob: { repositoryId: number; digest: Digest; sizeBytes: number; leasedUntil: Date; at: Date },
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    with b as (
      insert into blob (digest, size_bytes, created_at)
      values (${blob.digest}, ${blob.sizeBytes}, ${blob.at})
      on conflict (digest) do update
        set condemned_at = null, damaged_at = null, generation = blob.generation + 1
        where blob.removing_since is null
      returning id)
    insert into repository_blob (repository_id, blob_id, leased_until)
    select ${blob.repositoryId}, b.id, ${blob.leasedUntil} from b
    on conflict (repository_id, blob_id) do update
      set leased_until = greatest(repository_blob.leased_until, excluded.leased_until)`.execute(tx)
  return numAffectedRows > 0n
}

/** Says that the bytes of a blob are damaged, or (null) good; false when it was pushed or removed meanwhile. */
export async function markDamage(
  db: Db,
  blob: { id: number; generation: number; at: Date | null },
): Promise<boolean> {
  const result = await db
    .updateTable('blob')
    .set({ damaged_at: blob.at })
    .where('id', '=', blob.id)
    .where('generation', '=', blob.generation)
    .where('removing_since', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Lets a repository hold a blob that another one holds. False when that one does not hold it. */
export async function mountBlob(
  tx: Tx,
  mount: { fromRepositoryId: number; repositoryId: number; digest: Digest; leasedUntil: Date },
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    with source as (
      select b.id from repository_blob rb join blob b on b.id = rb.blob_id
      where rb.repository_id = ${mount.fromRepositoryId} and b.digest = ${mount.digest}
        and b.condemned_at is null and b.damaged_at is null
      for key share of b, rb)
    insert into repository_blob (repository_id, blob_id, leased_until)
    select ${mount.repositoryId}, source.id, ${mount.leasedUntil} from source
    on conflict (repository_id, blob_id) do update
      set leased_until = greatest(repository_blob.leased_until, excluded.leased_until)`.execute(tx)
  return numAffectedRows > 0n
}

/** Renews the lease of a blob that a push may rely on, when it is nearly over: rarely a write. */
export async function renewBlobLease(
  db: Db,
  lease: { repositoryId: number; blobId: number; until: Date; whenBefore: Date },
): Promise<void> {
  await db
    .updateTable('repository_blob')
    .set({ leased_until: lease.until })
    .where('repository_id', '=', lease.repositoryId)
    .where('blob_id', '=', lease.blobId)
    .where('leased_until', '<', lease.whenBefore)
    .execute()
}

/** Takes a blob out of a repository; false when it is not there. The bytes are left to garbage collection. */
export async function unlinkBlob(
  tx: Tx,
  blob: { repositoryId: number; digest: Digest },
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    delete from repository_blob rb using blob b
    where b.id = rb.blob_id and rb.repository_id = ${blob.repositoryId} and b.digest = ${blob.digest}`.execute(
    tx,
  )
  return numAffectedRows > 0n
}

/** True when a manifest of the repository that is not deleted names the blob. */
export async function isBlobNamed(
  tx: Tx,
  blob: { repositoryId: number; digest: Digest },
): Promise<boolean> {
  const row = await tx
    .selectFrom('manifest_blob as mb')
    .innerJoin('manifest as m', 'm.id', 'mb.manifest_id')
    .innerJoin('blob as b', 'b.id', 'mb.blob_id')
    .select('m.id')
    .where('m.repository_id', '=', blob.repositoryId)
    .where('m.deleted_at', 'is', null)
    .where('b.digest', '=', blob.digest)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

import { sql } from 'kysely'

import type { Digest } from '#domain/digest.ts'
import type { Db } from './db.ts'
import { toUpload, type Upload, type UploadRow } from './upload.ts'

/** What came of asking for the right to write: the upload, with whether an expired lease was taken over. */
export type Lease =
  | { outcome: 'leased'; upload: Upload; takenOver: boolean }
  | { outcome: 'busy' }
  | { outcome: 'unknown' }

/**
 * Leases an upload to one writer, until it releases it or the time is over; `finishingDigest` for one that is about
 * to make it a blob. The digest of a finish that failed before stays until `nameFinish`: bytes may lie there. One
 * statement decides.
 */
export async function leaseUpload(
  db: Db,
  wanted: {
    id: string
    repositoryId: number
    token: string
    at: Date
    until: Date
    expiresAt: Date
    finishingDigest: Digest | null
  },
): Promise<Lease> {
  const { rows } = await sql<UploadRow & { taken_over: boolean; leased: boolean }>`
    with before as (
      select id, lease_token from upload
      where id = ${wanted.id} and repository_id = ${wanted.repositoryId} and expires_at > ${wanted.at}
      for update),
    leased as (
      update upload u set lease_token = ${wanted.token}, leased_until = ${wanted.until},
        expires_at = ${wanted.expiresAt},
        finishing_digest = coalesce(u.finishing_digest, ${wanted.finishingDigest}),
        generation = u.generation + (case when u.lease_token is null then 0 else 1 end)
      from before where u.id = before.id and (u.lease_token is null or u.leased_until < ${wanted.at})
      returning u.id, u.repository_id, u.offset_bytes, u.generation, u.created_at, u.finishing_digest,
        before.lease_token is not null as taken_over)
    select leased.*, leased.id is not null as leased from before left join leased on true`.execute(
    db,
  )
  const [row] = rows
  if (!row) return { outcome: 'unknown' }
  if (!row.leased) return { outcome: 'busy' }
  return { outcome: 'leased', upload: toUpload(row), takenOver: row.taken_over }
}

/** Says which blob the holder of a lease is about to make, in place of another; false when the lease was lost. */
export async function nameFinish(
  db: Db,
  lease: { id: string; token: string; digest: Digest },
): Promise<boolean> {
  const result = await db
    .updateTable('upload')
    .set({ finishing_digest: lease.digest })
    .where('id', '=', lease.id)
    .where('lease_token', '=', lease.token)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Prolongs a lease during a long transfer; false when another writer has taken the upload over. */
export async function prolongUploadLease(
  db: Db,
  lease: { id: string; token: string; until: Date },
): Promise<boolean> {
  const result = await db
    .updateTable('upload')
    .set({ leased_until: lease.until })
    .where('id', '=', lease.id)
    .where('lease_token', '=', lease.token)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Ends a lease and says how many bytes are kept now, and how long; false when the lease was lost. */
export async function releaseUpload(
  db: Db,
  lease: { id: string; token: string; offsetBytes: number; expiresAt: Date },
): Promise<boolean> {
  const result = await db
    .updateTable('upload')
    .set({
      offset_bytes: lease.offsetBytes,
      lease_token: null,
      leased_until: null,
      expires_at: lease.expiresAt,
    })
    .where('id', '=', lease.id)
    .where('lease_token', '=', lease.token)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Ends a lease as if it had run out, so that the next writer takes over: for one that has no bytes of its own yet. */
export async function expireUploadLease(
  db: Db,
  lease: { id: string; token: string },
): Promise<void> {
  await db
    .updateTable('upload')
    .set({ lease_token: otherToken, leased_until: new Date(0) })
    .where('id', '=', lease.id)
    .where('lease_token', '=', lease.token)
    .execute()
}

/** Removes an upload, if its lease is still held with `token`; false when it was lost. */
export async function deleteLeasedUpload(
  db: Db,
  upload: { id: string; token: string },
): Promise<boolean> {
  const result = await db
    .deleteFrom('upload')
    .where('id', '=', upload.id)
    .where('lease_token', '=', upload.token)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

/** Says that no bytes of an upload lie under the digest that it was read with. Not while somebody writes to it. */
export async function forgetBrokenFinish(
  db: Db,
  upload: Pick<Upload, 'id' | 'finishingDigest'> & { at: Date },
): Promise<void> {
  await db
    .updateTable('upload')
    .set({ finishing_digest: null, lease_token: otherToken })
    .where('id', '=', upload.id)
    .where('finishing_digest', 'is not distinct from', upload.finishingDigest)
    .where((eb) => eb.or([eb('leased_until', 'is', null), eb('leased_until', '<', upload.at)]))
    .execute()
}

/**
 * Ends the leases of those who died while they finished a push of the digest, so that none of them writes a row when
 * it wakes; then says whether somebody alive is at it. `exceptToken` is of the caller's own lease.
 */
export async function isPushUnderWay(
  db: Db,
  wanted: { digest: Digest; at: Date; exceptToken: string | null },
): Promise<boolean> {
  await db
    .updateTable('upload')
    .set({ lease_token: otherToken })
    .where('finishing_digest', '=', wanted.digest)
    .where('leased_until', '<', wanted.at)
    .execute()
  const { rows } = await sql`
    select from upload where finishing_digest = ${wanted.digest} and leased_until >= ${wanted.at}
      and lease_token is distinct from ${wanted.exceptToken}::uuid limit 1`.execute(db)
  return rows.length > 0
}

/** Nobody holds it, so the lease is lost; a lease that is there at all makes the next writer go on in a copy. */
const otherToken = sql<string>`case when lease_token is not null then gen_random_uuid() end`

/** Frees every lease: only for the one process that owns the database, at its start. */
export async function releaseAllUploads(db: Db): Promise<void> {
  await db
    .updateTable('upload')
    .set({ leased_until: new Date(0) })
    .where('lease_token', 'is not', null)
    .execute()
}

import { sql } from 'kysely'

import type { Digest } from '#domain/digest.ts'
import type { Db } from './db.ts'
import { toUpload, uploadColumns, type Upload } from './upload.ts'

/* What `portolan fsck` asks of the rows. Every list is paged by its key, so that no store is too large for it. */

/** A blob as its row tells. */
export interface BlobRow {
  id: number
  digest: Digest
  sizeBytes: number
  generation: number
  isCondemned: boolean
  damagedAt: Date | null
  removingSince: Date | null
}

interface RawBlobRow {
  id: number
  digest: string
  size_bytes: number
  generation: number
  condemned_at: Date | null
  damaged_at: Date | null
  removing_since: Date | null
}

const blobColumns = sql.raw(
  'id, digest, size_bytes, generation, condemned_at, damaged_at, removing_since',
)

const toBlobRow = (row: RawBlobRow): BlobRow => ({
  id: row.id,
  digest: row.digest as Digest,
  sizeBytes: row.size_bytes,
  generation: row.generation,
  isCondemned: row.condemned_at !== null,
  damagedAt: row.damaged_at,
  removingSince: row.removing_since,
})

/** Blob rows in byte order of their digests, after `after`. */
export async function listBlobRows(
  db: Db,
  page: { after: string; limit: number },
): Promise<BlobRow[]> {
  const { rows } = await sql<RawBlobRow>`
    select ${blobColumns} from blob where digest > ${page.after} order by digest limit ${page.limit}`.execute(
    db,
  )
  return rows.map(toBlobRow)
}

/** The row of a digest, in whatever state. */
export async function findBlobRow(db: Db, digest: Digest): Promise<BlobRow | undefined> {
  const { rows } = await sql<RawBlobRow>`
    select ${blobColumns} from blob where digest = ${digest}`.execute(db)
  return rows[0] && toBlobRow(rows[0])
}

/**
 * True when a row names the digest, or a push that is alive at `at` is putting bytes there. One snapshot sees both,
 * and a push gives the one up in the transaction that makes the other: none slips through between.
 */
export async function isOwned(db: Db, wanted: { digest: Digest; at: Date }): Promise<boolean> {
  const { rows } = await sql<{ owned: boolean }>`
    select exists (select from blob where digest = ${wanted.digest})
      or exists (select from upload where finishing_digest = ${wanted.digest}
           and leased_until >= ${wanted.at}) as owned`.execute(db)
  return rows[0]?.owned === true
}

/** Which repositories hold a blob, for people: the first by name, and how many there are. */
export async function findHolders(
  db: Db,
  blobId: number,
): Promise<{ first: string | null; count: number }> {
  const { rows } = await sql<{ first: string | null; count: number }>`
    select min(n.name || '/' || r.name) as first, count(*) as count
    from repository_blob rb join repository r on r.id = rb.repository_id
    join namespace n on n.id = r.namespace_id where rb.blob_id = ${blobId}`.execute(db)
  return rows[0] ?? { first: null, count: 0 }
}

/** Uploads by id, after `after`, that nobody writes to at `at`. */
export async function listIdleUploads(
  db: Db,
  page: { after: string; at: Date; limit: number },
): Promise<Upload[]> {
  const { rows } = await sql<Parameters<typeof toUpload>[0]>`
    select ${uploadColumns} from upload
    where id > ${page.after}::uuid and (leased_until is null or leased_until < ${page.at})
    order by id limit ${page.limit}`.execute(db)
  return rows.map(toUpload)
}

/** True when nobody has written, or writes, to an upload since it was read. */
export async function isUploadUntouched(
  db: Db,
  { id, generation, offsetBytes }: Upload,
  at: Date,
): Promise<boolean> {
  const { rows } = await sql`
    select from upload where id = ${id} and generation = ${generation}
      and offset_bytes = ${offsetBytes} and (leased_until is null or leased_until < ${at})`.execute(
    db,
  )
  return rows.length > 0
}

/** A manifest that names a blob which its repository does not hold, or holds as condemned. */
export interface BrokenManifest {
  manifestId: number
  blobId: number
  fullName: string
  digest: string
  blobDigest: string
}

/** Such manifests by manifest and blob, after a pair of ids. */
export async function listBrokenManifests(
  db: Db,
  page: { afterManifest: number; afterBlob: number; limit: number },
): Promise<BrokenManifest[]> {
  const { rows } = await sql<BrokenManifest>`
    select mb.manifest_id as "manifestId", mb.blob_id as "blobId", n.name || '/' || r.name as "fullName",
      m.digest, b.digest as "blobDigest"
    from manifest_blob mb join manifest m on m.id = mb.manifest_id
    join repository r on r.id = m.repository_id join namespace n on n.id = r.namespace_id
    join blob b on b.id = mb.blob_id
    left join repository_blob rb on rb.repository_id = m.repository_id and rb.blob_id = mb.blob_id
    where (mb.manifest_id, mb.blob_id) > (${page.afterManifest}, ${page.afterBlob})
      and m.deleted_at is null and r.state <> 'MARKED_FOR_DELETION'
      and (rb.blob_id is null or b.condemned_at is not null)
    order by mb.manifest_id, mb.blob_id limit ${page.limit}`.execute(db)
  return rows
}

/** A tag that is alive and points at a deleted manifest, or at one of another repository. */
export interface DanglingTag {
  id: number
  fullName: string
  name: string
  digest: string
}

/** Such tags by id, after `after`. */
export async function listDanglingTags(
  db: Db,
  page: { after: number; limit: number },
): Promise<DanglingTag[]> {
  const { rows } = await sql<DanglingTag>`
    select t.id, n.name || '/' || r.name as "fullName", t.name, m.digest
    from tag t join manifest m on m.id = t.manifest_id
    join repository r on r.id = t.repository_id join namespace n on n.id = r.namespace_id
    where t.id > ${page.after} and t.ended_at is null and r.state <> 'MARKED_FOR_DELETION'
      and (m.deleted_at is not null or m.repository_id <> t.repository_id)
    order by t.id limit ${page.limit}`.execute(db)
  return rows
}

/** A manifest's bytes. */
export interface ManifestContent {
  id: number
  fullName: string
  digest: Digest
  content: Buffer
}

/** Manifests by id, after `after`. */
export async function listManifestContents(
  db: Db,
  page: { after: number; limit: number },
): Promise<ManifestContent[]> {
  const { rows } = await sql<ManifestContent>`
    select m.id, n.name || '/' || r.name as "fullName", m.digest, m.content
    from manifest m join repository r on r.id = m.repository_id
    join namespace n on n.id = r.namespace_id
    where m.id > ${page.after} order by m.id limit ${page.limit}`.execute(db)
  return rows
}

/** How much there is to check. */
export async function countContent(
  db: Db,
): Promise<{ blobs: number; blobBytes: number; uploads: number; manifests: number; tags: number }> {
  const { rows } = await sql<{
    blobs: number
    blobBytes: number
    uploads: number
    manifests: number
    tags: number
  }>`
    select (select count(*) from blob) as blobs,
      (select coalesce(sum(size_bytes), 0)::bigint from blob) as "blobBytes",
      (select count(*) from upload) as uploads,
      (select count(*) from manifest where deleted_at is null) as manifests,
      (select count(*) from tag where ended_at is null) as tags`.execute(db)
  return rows[0]!
}

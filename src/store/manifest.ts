import { sql } from 'kysely'

import type { Digest } from '#domain/digest.ts'
import type { Db, Tx } from './db.ts'

/** A manifest with its exact bytes. */
export interface StoredManifest {
  id: number
  digest: Digest
  mediaType: string
  content: Buffer
  isIndex: boolean
  configMediaType: string | null
  layersSizeBytes: number | null
}

interface Row {
  id: number
  digest: string
  media_type: string
  content: Buffer
  is_index: boolean
  config_media_type: string | null
  layers_size_bytes: number | null
}

const toManifest = (row: Row): StoredManifest => ({
  id: row.id,
  digest: row.digest as Digest,
  mediaType: row.media_type,
  content: row.content,
  isIndex: row.is_index,
  configMediaType: row.config_media_type,
  layersSizeBytes: row.layers_size_bytes,
})

const columns = sql.raw(
  'm.id, m.digest, m.media_type, m.content, m.is_index, m.config_media_type, m.layers_size_bytes',
)

/** Finds a manifest by its digest. */
export async function findManifest(
  db: Db,
  wanted: { repositoryId: number; digest: Digest },
): Promise<StoredManifest | undefined> {
  const { rows } = await sql<Row>`
    select ${columns} from manifest m
    where m.repository_id = ${wanted.repositoryId} and m.digest = ${wanted.digest}
      and m.deleted_at is null`.execute(db)
  return rows[0] && toManifest(rows[0])
}

/** Finds the manifest that a live tag points at. */
export async function findManifestByTag(
  db: Db,
  wanted: { repositoryId: number; tag: string; at: Date },
): Promise<StoredManifest | undefined> {
  const { rows } = await sql<Row>`
    select ${columns} from tag t join manifest m on m.id = t.manifest_id
    where t.repository_id = ${wanted.repositoryId} and t.name = ${wanted.tag} and t.ended_at is null
      and (t.expires_at is null or t.expires_at > ${wanted.at}) and m.deleted_at is null`.execute(
    db,
  )
  return rows[0] && toManifest(rows[0])
}

/** Everything kept of a manifest. */
export interface NewManifest {
  repositoryId: number
  digest: Digest
  mediaType: string
  content: Uint8Array
  isIndex: boolean
  artifactType: string | null
  configMediaType: string | null
  subjectDigest: string | null
  annotations: Record<string, string> | null
  layersSizeBytes: number | null
  at: Date
}

/** Keeps a manifest, or revives the row of one that was deleted; gives its id. */
export async function insertManifest(tx: Tx, manifest: NewManifest): Promise<number> {
  const { id } = await tx
    .insertInto('manifest')
    .values({
      repository_id: manifest.repositoryId,
      digest: manifest.digest,
      media_type: manifest.mediaType,
      content: Buffer.from(manifest.content),
      is_index: manifest.isIndex,
      artifact_type: manifest.artifactType,
      config_media_type: manifest.configMediaType,
      subject_digest: manifest.subjectDigest,
      annotations: manifest.annotations === null ? null : JSON.stringify(manifest.annotations),
      layers_size_bytes: manifest.layersSizeBytes,
      created_at: manifest.at,
    })
    .onConflict((conflict) =>
      // The bytes of a digest never change; the type they were pushed with may.
      conflict
        .columns(['repository_id', 'digest'])
        .doUpdateSet({ deleted_at: null, media_type: manifest.mediaType }),
    )
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** Says which blobs a manifest names, so that collection leaves them alone. */
export async function linkBlobs(
  tx: Tx,
  link: { manifestId: number; blobIds: readonly number[] },
): Promise<void> {
  if (link.blobIds.length === 0) return
  await sql`
    insert into manifest_blob (manifest_id, blob_id)
    select ${link.manifestId}, unnest(${link.blobIds}::bigint[])
    on conflict do nothing`.execute(tx)
}

/** Says which manifests an index names. */
export async function linkChildren(
  tx: Tx,
  link: { manifestId: number; repositoryId: number; digests: readonly string[] },
): Promise<void> {
  if (link.digests.length === 0) return
  await sql`
    insert into manifest_child (manifest_id, repository_id, child_digest)
    select ${link.manifestId}, ${link.repositoryId}, unnest(${link.digests}::text[])
    on conflict do nothing`.execute(tx)
}

/**
 * Which of the digests are manifests of the repository. The rows are locked until the transaction ends, so
 * that none is deleted under the index that is about to name it.
 */
export async function holdManifests(
  tx: Tx,
  wanted: { repositoryId: number; digests: readonly string[] },
): Promise<Set<string>> {
  const { rows } = await sql<{ digest: string }>`
    select digest from manifest where repository_id = ${wanted.repositoryId} and deleted_at is null
      and digest = any(${wanted.digests}::text[])
    order by id for share`.execute(tx)
  return new Set(rows.map((row) => row.digest))
}

/** Deletes a manifest: out of sight at once, restorable while the time machine holds it. Gives its id. */
export async function markManifestDeleted(
  tx: Tx,
  manifest: { repositoryId: number; digest: Digest; at: Date },
): Promise<number | undefined> {
  const row = await tx
    .updateTable('manifest')
    .set({ deleted_at: manifest.at })
    .where('repository_id', '=', manifest.repositoryId)
    .where('digest', '=', manifest.digest)
    .where('deleted_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

const holdsItsBlobs = sql<boolean>`not exists (
  select from manifest_blob mb
  left join repository_blob rb on rb.blob_id = mb.blob_id and rb.repository_id = manifest.repository_id
  where mb.manifest_id = manifest.id and rb.blob_id is null)`

/**
 * Brings back a manifest that was deleted after `deletedAfter` and whose blobs the repository still holds, or
 * finds a live one; gives its id.
 */
export async function reviveManifest(
  tx: Tx,
  manifest: { repositoryId: number; digest: Digest; deletedAfter: Date },
): Promise<number | undefined> {
  // Whoever deletes one of the blobs meanwhile has done so before the next statement looks, or waits for us.
  await sql`
    select from manifest m join manifest_blob mb on mb.manifest_id = m.id
    join repository_blob rb on rb.blob_id = mb.blob_id and rb.repository_id = m.repository_id
    where m.repository_id = ${manifest.repositoryId} and m.digest = ${manifest.digest}
    order by rb.blob_id for key share of rb`.execute(tx)
  const row = await tx
    .updateTable('manifest')
    .set({ deleted_at: null })
    .where('repository_id', '=', manifest.repositoryId)
    .where('digest', '=', manifest.digest)
    .where((eb) =>
      eb.or([
        eb('deleted_at', 'is', null),
        eb.and([eb('deleted_at', '>', manifest.deletedAfter), holdsItsBlobs]),
      ]),
    )
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

/** For each index: the digests it names, and whether the repository holds them. One query for a page. */
export async function listChildren(
  db: Db,
  manifestIds: readonly number[],
): Promise<{ manifest_id: number; child_digest: string; is_present: boolean }[]> {
  if (manifestIds.length === 0) return []
  const { rows } = await sql<{ manifest_id: number; child_digest: string; is_present: boolean }>`
    select c.manifest_id, c.child_digest, m.id is not null as is_present
    from manifest_child c
    left join manifest m on m.repository_id = c.repository_id and m.digest = c.child_digest
      and m.deleted_at is null
    where c.manifest_id = any(${manifestIds}::bigint[]) order by c.child_digest`.execute(db)
  return rows
}

/** A manifest that points at a subject. */
export interface Referrer {
  digest: string
  media_type: string
  size_bytes: number
  artifact_type: string | null
  annotations: Record<string, string> | null
}

/**
 * A page of the manifests whose subject is `subject`, in byte order of their digests, after `last`: at most
 * `limit`, and no more after `maxBytes` of manifests, because whoever may push chooses how long annotations are.
 */
export async function listReferrers(
  db: Db,
  wanted: {
    repositoryId: number
    subject: string
    artifactType: string | undefined
    last: string
    limit: number
    maxBytes: number
  },
): Promise<{ referrers: Referrer[]; hasMore: boolean }> {
  const ofType =
    wanted.artifactType === undefined ? sql`true` : sql`m.artifact_type = ${wanted.artifactType}`
  const { rows } = await sql<Referrer & { candidates: number }>`
    with candidate as (
      select m.digest, m.media_type, length(m.content) as size_bytes, m.artifact_type, m.annotations
      from manifest m
      where m.repository_id = ${wanted.repositoryId} and m.subject_digest = ${wanted.subject}
        and m.deleted_at is null and m.digest > ${wanted.last} and ${ofType}
      order by m.digest limit ${wanted.limit + 1}
    ), measured as (
      select c.*, count(*) over () as candidates,
        sum(size_bytes) over (order by digest) - size_bytes as bytes_before
      from candidate c
    )
    select digest, media_type, size_bytes, artifact_type, annotations, candidates from measured
    where bytes_before < ${wanted.maxBytes} order by digest limit ${wanted.limit}`.execute(db)
  const hasMore = rows.length < Number(rows[0]?.candidates ?? 0)
  return { referrers: rows, hasMore }
}

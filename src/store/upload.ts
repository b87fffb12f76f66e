import { sql } from 'kysely'

import type { Digest } from '#domain/digest.ts'
import type { Db } from './db.ts'

/** An upload in progress. */
export interface Upload {
  id: string
  repositoryId: number
  /** Bytes that are kept; the next chunk begins here. */
  offsetBytes: number
  /** Raised when a writer's expired lease is taken over; part of the driver's upload id. */
  generation: number
  createdAt: Date
  /** The blob that it is being made, or that somebody failed to make of it: bytes may lie there without a row. */
  finishingDigest: Digest | null
}

/** Before the id of every upload: where lists by id begin. */
export const firstUploadId = '00000000-0000-0000-0000-000000000000'

const columns = [
  'id',
  'repository_id',
  'offset_bytes',
  'generation',
  'created_at',
  'finishing_digest',
] as const

/** The same columns, for statements in SQL. */
export const uploadColumns = sql.raw(columns.join(', '))

/** A row with these columns. */
export interface UploadRow {
  id: string
  repository_id: number
  offset_bytes: number
  generation: number
  created_at: Date
  finishing_digest: string | null
}

/** An upload from its row. */
export function toUpload(row: UploadRow): Upload {
  return {
    id: row.id,
    repositoryId: row.repository_id,
    offsetBytes: row.offset_bytes,
    generation: row.generation,
    createdAt: row.created_at,
    finishingDigest: row.finishing_digest as Digest | null,
  }
}

/** The upload's row exists before its first byte, so that a clean-up finds all of them. */
export async function insertUpload(
  db: Db,
  upload: { id: string; repositoryId: number; at: Date; expiresAt: Date },
): Promise<void> {
  await db
    .insertInto('upload')
    .values({
      id: upload.id,
      repository_id: upload.repositoryId,
      created_at: upload.at,
      expires_at: upload.expiresAt,
    })
    .execute()
}

export async function findUpload(
  db: Db,
  wanted: { id: string; repositoryId: number; at: Date },
): Promise<Upload | undefined> {
  const row = await db
    .selectFrom('upload')
    .select(columns)
    .where('id', '=', wanted.id)
    .where('repository_id', '=', wanted.repositoryId)
    .where('expires_at', '>', wanted.at)
    .executeTakeFirst()
  return row && toUpload(row)
}

/** Uploads whose time is over and that nobody writes to, by id, after `after`. */
export async function listExpiredUploads(
  db: Db,
  wanted: { at: Date; after: string; limit: number },
): Promise<Upload[]> {
  const rows = await idleUploads(db, wanted).where('expires_at', '<=', wanted.at).execute()
  return rows.map(toUpload)
}

/** Uploads that somebody failed to make blobs, and that nobody writes to, by id, after `after`. */
export async function listBrokenFinishes(
  db: Db,
  wanted: { at: Date; after: string; limit: number },
): Promise<Upload[]> {
  const rows = await idleUploads(db, wanted).where('finishing_digest', 'is not', null).execute()
  return rows.map(toUpload)
}

/** A page of uploads that nobody writes to. */
function idleUploads(db: Db, { at, after, limit }: { at: Date; after: string; limit: number }) {
  return db
    .selectFrom('upload')
    .select(columns)
    .where((eb) => eb.or([eb('leased_until', 'is', null), eb('leased_until', '<', at)]))
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
}

/** The open uploads of a repository by id, after `after`. */
export async function listUploadsIn(
  db: Db,
  page: { repositoryId: number; after: string; limit: number },
): Promise<Upload[]> {
  const rows = await db
    .selectFrom('upload')
    .select(columns)
    .where('repository_id', '=', page.repositoryId)
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(page.limit)
    .execute()
  return rows.map(toUpload)
}

/** What the storage's upload ids stand for: the uploads that are there, by id. */
export async function listUploadsOf(db: Db, ids: readonly string[]): Promise<Map<string, Upload>> {
  const rows = await db
    .selectFrom('upload')
    .select(columns)
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .execute()
  return new Map(rows.map((row) => [row.id, toUpload(row)]))
}

/**
 * Removes an upload that nobody writes to; false when somebody does, or has come to finish it as another digest than
 * it was read with. Its bytes go after it.
 */
export async function deleteIdleUpload(
  db: Db,
  upload: Pick<Upload, 'id' | 'finishingDigest'> & { at: Date },
): Promise<boolean> {
  const result = await db
    .deleteFrom('upload')
    .where('id', '=', upload.id)
    .where('finishing_digest', 'is not distinct from', upload.finishingDigest)
    .where((eb) => eb.or([eb('leased_until', 'is', null), eb('leased_until', '<', upload.at)]))
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

import { sql } from 'kysely'

import type { Db, Tx } from './db.ts'

/** Lets one writer at a time change a tag, until the transaction ends: moves of one tag follow each other. */
export async function lockTag(tx: Tx, tag: { repositoryId: number; name: string }): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${tag.repositoryId}/${tag.name}`}, 0))`.execute(
    tx,
  )
}

/**
 * Holds the open lives of the tags that point at a manifest, by name as those who push several tags take them. Rows are
 * locked, because a manifest can have more tags than the database has room for advisory locks. The caller's transaction
 * holds the manifest's row, so that no other tag comes to point there.
 */
export async function holdTagsOfManifest(tx: Tx, manifestId: number): Promise<void> {
  await sql`
    select from tag where manifest_id = ${manifestId} and ended_at is null order by name for update`.execute(
    tx,
  )
}

/** The open life of a tag. Expired ones count as open until somebody closes them. */
export interface OpenTag {
  id: number
  manifestId: number
  digest: string
  startedAt: Date
  expiresAt: Date | null
  isImmutable: boolean
}

/** Finds the open life of a tag that has not expired at `at`. */
export async function findLiveTag(
  db: Db,
  tag: { repositoryId: number; name: string; at: Date },
): Promise<OpenTag | undefined> {
  const row = await db
    .selectFrom('tag as t')
    .innerJoin('manifest as m', 'm.id', 't.manifest_id')
    .select(['t.id', 't.manifest_id', 'm.digest', 't.started_at', 't.expires_at', 't.is_immutable'])
    .where('t.repository_id', '=', tag.repositoryId)
    .where('t.name', '=', tag.name)
    .where('t.ended_at', 'is', null)
    .where((eb) => eb.or([eb('t.expires_at', 'is', null), eb('t.expires_at', '>', tag.at)]))
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      manifestId: row.manifest_id,
      digest: row.digest,
      startedAt: row.started_at,
      expiresAt: row.expires_at,
      isImmutable: row.is_immutable,
    }
  )
}

/** Closes the open life of a tag, at its expiry if that came first. Give it the tag's lock. */
export async function closeTag(
  tx: Tx,
  tag: { repositoryId: number; name: string; at: Date },
): Promise<void> {
  await tx
    .updateTable('tag')
    .set({ ended_at: sql`least(expires_at, greatest(started_at, ${tag.at}::timestamptz))` })
    .where('repository_id', '=', tag.repositoryId)
    .where('name', '=', tag.name)
    .where('ended_at', 'is', null)
    .execute()
}

/** Begins a life of a tag. The former one must be closed. */
export async function insertTag(
  tx: Tx,
  tag: {
    repositoryId: number
    name: string
    manifestId: number
    at: Date
    isReversion: boolean
  },
): Promise<void> {
  await tx
    .insertInto('tag')
    .values({
      repository_id: tag.repositoryId,
      name: tag.name,
      manifest_id: tag.manifestId,
      started_at: tag.at,
      is_reversion: tag.isReversion,
    })
    .execute()
}

/** Closes the open life of a tag unless it is immutable, and says which of the three happened. Give it the tag's lock. */
export async function endTag(
  tx: Tx,
  tag: { repositoryId: number; name: string; at: Date },
): Promise<'ended' | 'immutable' | 'unknown'> {
  const live = await findLiveTag(tx, tag)
  if (!live) return 'unknown'
  if (live.isImmutable) return 'immutable'
  await closeTag(tx, tag)
  return 'ended'
}

/**
 * Closes the open lives of every tag that points at a manifest, those that have expired at their expiry. Gives the
 * names of those that had not, oldest life first. The caller holds them (`holdTagsOfManifest`).
 */
export async function endTagsOfManifest(
  tx: Tx,
  { manifestId, at }: { manifestId: number; at: Date },
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    with ended as (
      update tag set ended_at = least(expires_at, greatest(started_at, ${at}::timestamptz))
      where manifest_id = ${manifestId} and ended_at is null
      returning id, name, expires_at)
    select name from ended where expires_at is null or expires_at > ${at} order by id`.execute(tx)
  return rows.map((row) => row.name)
}

/** A tag that points at the manifest and that a rule protects. */
export async function findImmutableTag(tx: Tx, manifestId: number): Promise<string | undefined> {
  const row = await tx
    .selectFrom('tag')
    .select('name')
    .where('manifest_id', '=', manifestId)
    .where('ended_at', 'is', null)
    .where('is_immutable', '=', true)
    .limit(1)
    .executeTakeFirst()
  return row?.name
}

/** Sets or clears the expiry of an open life. */
export async function setTagExpiry(
  tx: Tx,
  tag: { id: number; expiresAt: Date | null },
): Promise<void> {
  await tx.updateTable('tag').set({ expires_at: tag.expiresAt }).where('id', '=', tag.id).execute()
}

/** Removes ended lives of a tag that point at a manifest, or its open life. Gives how many went. */
export async function forgetTag(
  tx: Tx,
  tag: {
    repositoryId: number
    name: string
    digest: string | undefined
    isAlive: boolean
    at: Date
  },
): Promise<number> {
  const alive = sql<boolean>`t.ended_at is null and (t.expires_at is null or t.expires_at > ${tag.at})`
  const { numAffectedRows = 0n } = await sql`
    delete from tag t using manifest m
    where m.id = t.manifest_id and t.repository_id = ${tag.repositoryId} and t.name = ${tag.name}
      and not t.is_immutable
      and (${tag.digest ?? null}::text is null or m.digest = ${tag.digest ?? null})
      and (${alive}) = ${tag.isAlive}`.execute(tx)
  return Number(numAffectedRows)
}

/** One life of a tag, as a list shows it. */
export interface ListedTag {
  name: string
  manifest_id: number
  digest: string
  is_index: boolean
  layers_size_bytes: number | null
  started_at: Date
  /** End, or expiry when it is still ahead. */
  ended_at: Date | null
  is_reversion: boolean
  is_immutable: boolean
}

/** Which lives of which tags a list shows. */
export interface TagFilter {
  repositoryId: number
  /** Exact name. */
  name: string | undefined
  /** Text that the name holds. */
  contains: string | undefined
  onlyLive: boolean
  /** Lives that ended before this are not shown. */
  endedAfter: Date
  at: Date
}

/** Lives of tags, newest first, then by name. */
export async function listTagHistory(
  db: Db,
  filter: TagFilter & { offset: number; limit: number },
): Promise<ListedTag[]> {
  const end = sql`least(t.ended_at, t.expires_at)`
  const conditions = [
    sql`t.repository_id = ${filter.repositoryId}`,
    filter.onlyLive
      ? sql`t.ended_at is null and (t.expires_at is null or t.expires_at > ${filter.at})`
      : sql`(${end} is null or ${end} > ${filter.endedAfter})`,
    ...(filter.name === undefined ? [] : [sql`t.name = ${filter.name}`]),
    ...(filter.contains === undefined ? [] : [sql`strpos(t.name, ${filter.contains}) > 0`]),
  ]
  // The page first: manifests are looked up for what is shown, not for what is skipped.
  const { rows } = await sql<ListedTag>`
    select t.name, t.manifest_id, m.digest, m.is_index, m.layers_size_bytes, t.started_at,
      ${end} as ended_at, t.is_reversion, t.is_immutable
    from (select * from tag t where ${sql.join(conditions, sql` and `)}
      order by t.started_at desc, t.name limit ${filter.limit} offset ${filter.offset}) t
    join manifest m on m.id = t.manifest_id
    order by t.started_at desc, t.name`.execute(db)
  return rows
}

/** Names of live tags in byte order, after `last`. */
export async function listTagNames(
  db: Db,
  wanted: { repositoryId: number; last: string; limit: number; at: Date },
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from tag
    where repository_id = ${wanted.repositoryId} and ended_at is null and name > ${wanted.last}
      and (expires_at is null or expires_at > ${wanted.at})
    order by name limit ${wanted.limit}`.execute(db)
  return rows.map((row) => row.name)
}

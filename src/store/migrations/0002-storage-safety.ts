import { sql, type Kysely } from 'kysely'

const statements = [
  // The digest under which a request is putting the upload's bytes at this moment, while its lease lasts: nobody
  // removes the bytes of that digest then. Left behind by a crash, it says where bytes without a row may lie.
  `alter table upload add column finishing_digest text collate "C"`,
  `create index upload_finishing on upload (finishing_digest) where finishing_digest is not null`,
  // generation: raised by every push of the digest. damaged_at: the bytes were found to be others; the blob counts as
  // absent until it is pushed again. removing_since: somebody is removing the bytes; no push may rely on them.
  `alter table blob
    add column generation integer not null default 0,
    add column damaged_at timestamptz,
    add column removing_since timestamptz`,
  `create index blob_damaged on blob (damaged_at) where damaged_at is not null`,
  `create index blob_removing on blob (removing_since) where removing_since is not null`,
]

/** What keeps blob bytes and their rows together through crashes, removals and damage (ADR 0018). */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

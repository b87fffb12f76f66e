import { sql } from 'kysely'

import type { Db, Tx } from './db.ts'

/** A key pair that signs registry tokens; the private half is sealed under SECRET_KEY. */
export interface SigningKeyRow {
  kid: string
  service: string
  public_jwk: unknown
  sealed_private_key: Buffer
  created_at: Date
  signs_until: Date
  expires_at: Date
}

/** Keys that may still verify tokens at `at`, newest first. */
export function listSigningKeys(
  db: Db,
  key: { service: string; at: Date },
): Promise<SigningKeyRow[]> {
  return db
    .selectFrom('signing_key')
    .selectAll()
    .where('service', '=', key.service)
    .where('expires_at', '>', key.at)
    .orderBy('created_at', 'desc')
    .execute()
}

/** Any key by its id, expired ones too. */
export function findSigningKey(db: Db, kid: string): Promise<SigningKeyRow | undefined> {
  return db.selectFrom('signing_key').selectAll().where('kid', '=', kid).executeTakeFirst()
}

/** Holds back other processes that would make a key at the same time, until the transaction ends. */
export async function lockSigningKeys(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('signing_key'))`.execute(tx)
}

/** Keeps a new key. */
export async function insertSigningKey(tx: Tx, key: SigningKeyRow): Promise<void> {
  await tx
    .insertInto('signing_key')
    .values({ ...key, public_jwk: JSON.stringify(key.public_jwk) })
    .execute()
}

import { sql, type Insertable, type Selectable } from 'kysely'

import type { DB } from '#generated/db.d.ts'
import type { Db, Tx } from './db.ts'
import { keyNotification } from './key-notification.ts'

/** A key of another service. `approved_at` is null while it waits for approval. */
export type ServiceKey = Selectable<DB['service_key']>

/** How a key came to be approved, as Quay names it. */
export type ApprovalType = 'Super User API' | 'Key Rotation'

/** All keys, by service and id: the first `limit` of them. */
export function listServiceKeys(db: Db, limit: number): Promise<ServiceKey[]> {
  return db
    .selectFrom('service_key')
    .selectAll()
    .orderBy('service')
    .orderBy('kid')
    .limit(limit)
    .execute()
}

/** Approved keys of a service that have not expired at `at`, by id. */
export function listServedKeys(
  db: Db,
  wanted: { service: string; at: Date; limit: number },
): Promise<ServiceKey[]> {
  return db
    .selectFrom('service_key')
    .selectAll()
    .where('service', '=', wanted.service)
    .where('approved_at', 'is not', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', wanted.at)]))
    .orderBy('kid')
    .limit(wanted.limit)
    .execute()
}

/** Any key by its id. */
export function findServiceKey(db: Db, kid: string): Promise<ServiceKey | undefined> {
  return db.selectFrom('service_key').selectAll().where('kid', '=', kid).executeTakeFirst()
}

/** A key by its id, locked until the transaction ends. */
export function lockServiceKey(tx: Tx, kid: string): Promise<ServiceKey | undefined> {
  return tx
    .selectFrom('service_key')
    .selectAll()
    .where('kid', '=', kid)
    .forNoKeyUpdate()
    .executeTakeFirst()
}

/** Holds back others that would submit a key at the same time, until the transaction ends. */
export async function lockSubmissions(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('service_key'))`.execute(tx)
}

/** How many keys wait for approval. */
export async function countWaitingKeys(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('service_key')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('approved_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Keeps a new key; undefined when the id is taken. */
export function insertServiceKey(
  tx: Tx,
  key: Insertable<DB['service_key']>,
): Promise<ServiceKey | undefined> {
  return tx
    .insertInto('service_key')
    .values(key)
    .onConflict((conflict) => conflict.column('kid').doNothing())
    .returningAll()
    .executeTakeFirst()
}

/** Changes a key; absent fields stay. */
export async function updateServiceKey(
  tx: Tx,
  kid: string,
  changes: { name?: string; metadata?: string; expires_at?: Date | null },
): Promise<void> {
  if (Object.keys(changes).length === 0) return
  await tx.updateTable('service_key').set(changes).where('kid', '=', kid).execute()
}

/** Approves a key that waits; false when it does not. */
export async function approveKey(
  tx: Tx,
  kid: string,
  approval: { approverId: number; type: ApprovalType; notes: string; at: Date },
): Promise<boolean> {
  const result = await tx
    .updateTable('service_key')
    .set({
      approved_at: approval.at,
      approver_id: approval.approverId,
      approval_type: approval.type,
      approval_notes: approval.notes,
    })
    .where('kid', '=', kid)
    .where('approved_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Removes a key; gives what it was. */
export function removeServiceKey(tx: Tx, kid: string): Promise<ServiceKey | undefined> {
  return tx.deleteFrom('service_key').where('kid', '=', kid).returningAll().executeTakeFirst()
}

/** Removes keys that were submitted before `submittedBefore` and still wait, and those that expired before `expiredBefore`. */
export async function removeOutdatedKeys(
  db: Db,
  { submittedBefore, expiredBefore }: { submittedBefore: Date; expiredBefore: Date },
): Promise<void> {
  await sql`
    with gone as (
      delete from service_key
      where (approved_at is null and created_at < ${submittedBefore}) or expires_at < ${expiredBefore}
      returning kid)
    delete from user_notification
    where lookup_key in (select ${keyNotification} || kid from gone)`.execute(db)
}

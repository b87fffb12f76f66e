import { makeServiceKey } from '#credentials/service-keys.ts'
import { epochSeconds } from '#domain/date.ts'
import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import { writeMetadata } from '#domain/metadata.ts'
import { parseExpiration } from '#domain/service-key.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import {
  approveKey,
  findServiceKey,
  insertServiceKey,
  lockServiceKey,
  removeServiceKey,
  updateServiceKey,
  type ServiceKey,
} from '#store/service-key.ts'
import { keyNotification } from '#store/key-notification.ts'
import { deleteNotifications } from '#store/user-notification.ts'
import type { Deps } from '#deps.ts'

/** A key pair that a superuser asks for. */
export interface WantedKey {
  service: string
  name: string
  metadata: Record<string, unknown>
  notes: string
  /** Seconds since 1970; null: never. */
  expiration: number | null
  actor: UserActor
}

/**
 * Makes a key pair for another service, approved at once; the private half is in the answer and kept nowhere. Throws
 * `invalid_request` for an expiration that is over, and for too much metadata.
 */
export async function createKey(
  { db, clock }: Deps,
  { service, name, metadata, notes, expiration, actor }: WantedKey,
): Promise<{ key: ServiceKey; publicPem: string; privatePem: string }> {
  const at = clock.now()
  const expires_at = parseExpiration(expiration, at)
  const kept = writeMetadata(metadata)
  const { jwk, publicPem, privatePem } = await makeServiceKey()
  const key = await transact(db, async (tx) => {
    const made = (await insertServiceKey(tx, {
      kid: jwk.kid,
      name,
      service,
      public_jwk: JSON.stringify(jwk),
      metadata: kept,
      created_at: at,
      expires_at,
      approved_at: at,
      approver_id: actor.id,
      approval_type: 'Super User API',
      approval_notes: notes,
    }))!
    const details = { ...describeKey(made), preshared: true, auto_approved: true }
    for (const kind of ['service_key_create', 'service_key_approve'] as const)
      await writeLog(tx, { kind, actor, namespaceId: null, metadata: details, at })
    return made
  })
  return { key, publicPem, privatePem }
}

/** What a superuser wants changed on a key; absent fields stay. */
export interface KeyChanges {
  name?: string | undefined
  metadata?: Record<string, unknown> | undefined
  /** Seconds since 1970; null: never. */
  expiration?: number | null | undefined
}

/** Changes a key. Throws `not_found`, or `invalid_request` for an expiration that is over and for too much metadata. */
export async function changeKey(
  { db, clock }: Deps,
  { kid, wanted, actor }: { kid: string; wanted: KeyChanges; actor: UserActor },
): Promise<ServiceKey> {
  const at = clock.now()
  const { name, metadata, expiration } = wanted
  const kept = metadata && writeMetadata(metadata)
  return transact(db, async (tx) => {
    const before = await lockServiceKey(tx, kid)
    if (!before) throw missing(kid)
    // Behind the key, as in Quay: one that is not there is told first.
    const expiresAt = expiration === undefined ? undefined : parseExpiration(expiration, at)
    const changes = {
      ...(name === undefined ? {} : { name }),
      ...(kept === undefined ? {} : { metadata: kept }),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    }
    await updateServiceKey(tx, kid, changes)
    const after = (await findServiceKey(tx, kid))!
    const log = (kind: LogKind, more: Record<string, unknown> = {}) =>
      writeLog(tx, {
        kind,
        actor,
        namespaceId: null,
        metadata: { ...describeKey(after), ...more },
        at,
      })
    if (expiresAt !== undefined)
      await log('service_key_extend', { old_expiration_date: secondsOf(before.expires_at) })
    if (name !== undefined || metadata !== undefined) await log('service_key_modify')
    return after
  })
}

/** Approves a key; one that is approved already stays as it is. Throws `not_found`. */
export async function approveSubmittedKey(
  { db, clock }: Deps,
  { kid, notes, actor }: { kid: string; notes: string; actor: UserActor },
): Promise<void> {
  const at = clock.now()
  await transact(db, async (tx) => {
    const key = await lockServiceKey(tx, kid)
    if (!key) throw missing(kid)
    const approval = { approverId: actor.id, type: 'Super User API', notes, at } as const
    if (!(await approveKey(tx, kid, approval))) return
    await deleteNotifications(tx, keyNotification + kid)
    const entry = { kind: 'service_key_approve', actor, namespaceId: null, at } as const
    await writeLog(tx, { ...entry, metadata: describeKey(key) })
  })
}

/** Removes a key. Throws `not_found`. */
export async function deleteKey(
  { db, clock }: Deps,
  { kid, actor }: { kid: string; actor: UserActor },
): Promise<void> {
  await transact(db, async (tx) => {
    const { created_at, ...key } = await dropKey(tx, kid)
    await writeLog(tx, {
      kind: 'service_key_delete',
      actor,
      namespaceId: null,
      metadata: { ...describeKey(key), created_date: epochSeconds(created_at) },
      at: clock.now(),
    })
  })
}

/** Removes a key and what superusers were told of it; gives what it was. Throws `not_found`. */
export async function dropKey(tx: Tx, kid: string): Promise<ServiceKey> {
  const key = await removeServiceKey(tx, kid)
  if (!key) throw missing(kid)
  await deleteNotifications(tx, keyNotification + kid)
  return key
}

/** What the audit log says of a key; dates are seconds since 1970. */
export function describeKey(key: Pick<ServiceKey, 'kid' | 'service' | 'name' | 'expires_at'>) {
  const { kid, service, name } = key
  return { kid, service, name, expiration_date: secondsOf(key.expires_at) }
}

function secondsOf(date: Date | null): number | null {
  return date && epochSeconds(date)
}

function missing(kid: string): RegistryError {
  return new RegistryError('not_found', `no key ${kid}`)
}

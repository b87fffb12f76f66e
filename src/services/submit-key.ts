import { parseServiceKey } from '#credentials/service-keys.ts'
import { epochSeconds } from '#domain/date.ts'
import { RegistryError } from '#domain/errors.ts'
import type { Actor } from '#domain/principal.ts'
import {
  isServed,
  parseExpiration,
  parseKeyId,
  parseServiceName,
  type ServiceJwk,
  type SubmittedJwk,
} from '#domain/service-key.ts'
import type { ServiceKeyTarget } from '#domain/target.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import {
  countWaitingKeys,
  findServiceKey,
  insertServiceKey,
  lockServiceKey,
  lockSubmissions,
  updateServiceKey,
  type ServiceKey,
} from '#store/service-key.ts'
import { countThisHour } from '#store/mail-budget.ts'
import { findSigningKey } from '#store/signing-key.ts'
import { announceKey } from '#store/key-notification.ts'
import type { Deps } from '#deps.ts'
import { describeKey, dropKey } from './service-key.ts'

/** Anybody can submit keys, so there is room for so many that wait. */
const maxWaiting = 1000

/** Each leaves rows in the audit log, also when it is taken back: so many an hour, of one service and of all. */
const maxOfServiceAnHour = 20
const maxAnHour = 1000

/** A key as a service hands it in. */
export interface Submission {
  target: ServiceKeyTarget
  jwk: SubmittedJwk
  /** Seconds since 1970; undefined: never. */
  expiration: number | undefined
  rotationSeconds: number | undefined
  actor: Actor
}

interface NewKey {
  target: ServiceKeyTarget
  jwk: ServiceJwk
  expiresAt: Date | null
  rotationSeconds: number | undefined
  actor: Actor
  at: Date
}

/**
 * Takes a key of a service. One that speaks for itself waits for approval: false. One that an approved key speaks for
 * takes its place, and its approval: true. Handing in the same key again changes nothing. Throws `invalid_request` for a
 * weak key or a taken id, and `denied` when too many keys wait or came within an hour, or the other key is no longer approved.
 */
export async function submitKey(deps: Deps, submission: Submission): Promise<boolean> {
  const { target, actor, rotationSeconds, expiration = null } = submission
  parseServiceName(target.service)
  const at = deps.clock.now()
  const expiresAt = parseExpiration(expiration, at)
  const jwk = parseServiceKey(submission.jwk, parseKeyId(target.kid))
  const wanted = { target, jwk, expiresAt, rotationSeconds, actor, at }
  return transact(deps.db, async (tx) => {
    if (await findSigningKey(tx, target.kid)) throw taken(target.kid)
    if (target.signerKid !== target.kid) return replaceKey(tx, wanted)
    await lockSubmissions(tx)
    const known = await findServiceKey(tx, target.kid)
    return known ? recognize(known, wanted) : keepWaiting(tx, deps, wanted)
  })
}

/** Removes a key on behalf of its service. Throws `not_found`. */
export async function withdrawKey(
  { db, clock }: Deps,
  { target, actor }: { target: ServiceKeyTarget; actor: Actor },
): Promise<void> {
  await transact(db, async (tx) => {
    const known = await lockServiceKey(tx, target.kid)
    if (known?.service !== target.service)
      throw new RegistryError('not_found', `no key ${target.kid} of the service ${target.service}`)
    const { kid, service, name } = await dropKey(tx, target.kid)
    const metadata = { kid, signer_kid: target.signerKid, service, name, ...originOf(actor) }
    const entry = { kind: 'service_key_delete', actor, namespaceId: null, at: clock.now() } as const
    await writeLog(tx, { ...entry, metadata })
  })
}

/** A service that starts again hands in the key that it has. */
function recognize(known: ServiceKey, { target, jwk, at }: NewKey): boolean {
  const kept = known.public_jwk as unknown as ServiceJwk
  const isSame = (['kty', 'crv', 'n', 'e', 'x', 'y'] as const).every(
    (each) => kept[each] === jwk[each],
  )
  if (!isSame || known.service !== target.service) throw taken(target.kid)
  if (known.approved_at !== null && !isServed(known, at))
    throw new RegistryError('denied', 'the key has expired: make a new one')
  return known.approved_at !== null
}

async function keepWaiting(tx: Tx, { config }: Deps, wanted: NewKey): Promise<false> {
  const { actor, at } = wanted
  if ((await countWaitingKeys(tx)) >= maxWaiting)
    throw new RegistryError(
      'denied',
      `${maxWaiting} keys wait for approval already: a superuser has to approve or delete some`,
    )
  await countSubmission(tx, wanted)
  const made = (await insertServiceKey(tx, rowOf(wanted, '')))!
  const metadata = { ...describeKey(made), preshared: false, ...originOf(actor) }
  await writeLog(tx, { kind: 'service_key_create', actor, namespaceId: null, metadata, at })
  const { jwk } = wanted
  const submitted = {
    ...describeKey(made),
    jwk,
    metadata: made.metadata,
    created_date: epochSeconds(at),
  }
  if (config.FEATURE_SUPER_USERS)
    await announceKey(tx, { kid: made.kid, metadata: submitted, at, rules: config })
  return false
}

async function countSubmission(tx: Tx, { target: { service }, at }: NewKey): Promise<void> {
  for (const { key, most, whose } of [
    {
      key: `service-key ${service}`,
      most: maxOfServiceAnHour,
      whose: `of the service ${service} `,
    },
    { key: 'service-keys', most: maxAnHour, whose: '' },
  ])
    if ((await countThisHour(tx, { key, at })) > most)
      throw new RegistryError(
        'denied',
        `${most} keys ${whose}were handed in within an hour: hand in the same key again, or wait`,
      )
}

/** The lock lets one successor in: the next one finds that the key has expired. */
async function replaceKey(tx: Tx, wanted: NewKey): Promise<true> {
  const { target, actor, at } = wanted
  const signer = await lockServiceKey(tx, target.signerKid)
  if (!signer || !isServed(signer, at))
    throw new RegistryError('denied', 'the key that signed the token is no longer approved')
  const made = await insertServiceKey(tx, {
    ...rowOf(wanted, signer.name),
    rotation_seconds: wanted.rotationSeconds ?? signer.rotation_seconds,
    approved_at: at,
    approver_id: signer.approver_id,
    approval_type: 'Key Rotation',
    approval_notes: signer.approval_notes,
  })
  if (!made) throw taken(target.kid)
  await updateServiceKey(tx, signer.kid, { expires_at: at })
  const metadata = { ...describeKey(made), signer_kid: signer.kid, ...originOf(actor) }
  await writeLog(tx, { kind: 'service_key_rotate', actor, namespaceId: null, metadata, at })
  return true
}

function rowOf({ target, jwk, expiresAt, rotationSeconds, actor, at }: NewKey, name: string) {
  return {
    kid: target.kid,
    name,
    service: target.service,
    public_jwk: JSON.stringify(jwk),
    metadata: JSON.stringify({ ip: actor.address }),
    created_at: at,
    expires_at: expiresAt,
    rotation_seconds: rotationSeconds ?? null,
  }
}

function originOf({ address, userAgent }: Actor) {
  return { user_agent: userAgent, ip: address }
}

function taken(kid: string): RegistryError {
  return new RegistryError('invalid_request', `the id ${kid} belongs to another key`)
}

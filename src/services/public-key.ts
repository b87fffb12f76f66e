import { rfcDate } from '#domain/date.ts'
import { RegistryError } from '#domain/errors.ts'
import { maxListed } from '#domain/list-limit.ts'
import { findServiceKey, listServedKeys } from '#store/service-key.ts'
import { findSigningKey, listSigningKeys } from '#store/signing-key.ts'
import type { Deps } from '#deps.ts'

/** A public key as it is served. */
export interface PublicKey {
  kty: string
  kid: string
}

const daySeconds = 86_400

/** Keys of a service that are valid now: the registry's own, and those that superusers have approved. */
export async function listPublicKeys(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  service: string,
): Promise<PublicKey[]> {
  const at = clock.now()
  const own = await listSigningKeys(db, { service, at })
  const others = await listServedKeys(db, { service, at, limit: maxListed })
  return [...own, ...others].map(({ public_jwk }) => public_jwk as unknown as PublicKey)
}

/**
 * A key of a service, and how long it may be kept. Throws `not_found`, `key_not_approved` while it waits, and `denied`
 * when it has expired.
 */
export async function findPublicKey(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { service, kid }: { service: string; kid: string },
): Promise<{ jwk: PublicKey; maxAgeSeconds: number }> {
  const own = await findSigningKey(db, kid)
  const key = own ? { ...own, approved_at: own.created_at } : await findServiceKey(db, kid)
  if (key?.service !== service)
    throw new RegistryError('not_found', `no key ${kid} of the service ${service}`)
  const { expires_at, approved_at, public_jwk } = key
  if (approved_at === null)
    throw new RegistryError('key_not_approved', 'the key waits for the approval of a superuser')
  const ends = expires_at?.getTime() ?? Infinity
  const lifeSeconds = Math.floor((ends - clock.now().getTime()) / 1000)
  if (expires_at && lifeSeconds <= 0)
    throw new RegistryError('denied', `the key expired on ${rfcDate(expires_at)}`)
  return {
    jwk: public_jwk as unknown as PublicKey,
    maxAgeSeconds: Math.min(daySeconds, lifeSeconds),
  }
}

import { parseServiceKey, verifyServiceToken } from '#credentials/service-keys.ts'
import { isServed, type ServiceJwk, type SubmittedJwk } from '#domain/service-key.ts'
import { RegistryError } from '#domain/errors.ts'
import type { ServiceTokenCredential } from '#domain/principal.ts'
import type { ServiceKeyTarget, Target } from '#domain/target.ts'
import { findServiceKey } from '#store/service-key.ts'
import type { Entry } from './gate.ts'
import { refuse } from './refusal.ts'
import type { SecurityDeps } from './scheme.ts'

/**
 * Lets in a service that shows a token of its own, signed with the key in the path or with an approved key of the
 * service. A new key that speaks for itself is proven by `proveOwnKey`, when the body has brought it.
 */
export async function enterServiceKey(
  entry: Entry,
  { db, clock }: SecurityDeps,
): Promise<ServiceKeyTarget> {
  const credential = serviceTokenOf(entry)
  const { service = '', kid = '' } = entry.params
  const signerKid = credential.keyId ?? kid
  const target = { kind: 'service-key', service, kid, signerKid } as const
  if (signerKid === kid && entry.operation.permission.checkBody === 'own-key') return target

  const signer = await findServiceKey(db, signerKid)
  const isOfService = signer?.service === service
  if (signerKid === kid && !isOfService)
    throw new RegistryError('not_found', `no key ${kid} of the service ${service}`)
  if (!isOfService || (signerKid !== kid && !isServed(signer, clock.now())))
    throw new RegistryError(
      'denied',
      `the key that signed the token is no approved key of the service ${service}`,
    )
  verify(credential, { target, jwk: signer.public_jwk as unknown as ServiceJwk }, clock.now())
  return target
}

/** The check `own-key`: a new key has signed the token that brings it. */
export function proveOwnKey(
  { entry, body, target }: { entry: Entry; body: unknown; target: Target },
  { clock }: SecurityDeps,
): Target {
  const found = target as ServiceKeyTarget
  if (found.signerKid !== found.kid) return found
  const jwk = parseServiceKey(body as SubmittedJwk, found.kid)
  verify(serviceTokenOf(entry), { target: found, jwk }, clock.now())
  return found
}

function serviceTokenOf(entry: Entry): ServiceTokenCredential {
  const { credential } = entry.principal
  if (credential.kind !== 'service_token') throw refuse(entry)
  return credential
}

function verify(
  { token, audience }: ServiceTokenCredential,
  { target, jwk }: { target: ServiceKeyTarget; jwk: ServiceJwk },
  at: Date,
): void {
  verifyServiceToken(token, { jwk, service: target.service, audience, at })
}

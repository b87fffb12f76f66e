import { RegistryError } from '#domain/errors.ts'
import { findUserByUuid } from '#store/user.ts'
import { readAuthorization, toPrincipal, type Scheme } from './scheme.ts'

/**
 * The bearer token of `/v2`. It says who its subject was and what was granted; what the subject may do is
 * asked anew on each request. A changed password ends it.
 */
export const registryToken: Scheme = async (
  { authorization, host },
  { db, config, verifyToken },
) => {
  const given = readAuthorization(authorization)
  if (!given) return undefined
  if (given.scheme !== 'bearer')
    throw refusal(`${given.scheme.slice(0, 20)} credentials are for the token service only`)
  const { subject, access } = await verifyToken(given.value, host)
  const credential = { kind: 'registry_token', access } as const
  if (!subject) return { kind: 'anonymous', credential }
  const user = await findUserByUuid(db, subject.uuid)
  if (!user?.enabled || user.credential_epoch !== subject.credentialEpoch)
    throw refusal('the token was made for an account that has changed since')
  return toPrincipal(user, credential, config)
}

function refusal(reason: string): RegistryError {
  return new RegistryError('unauthorized', `${reason}: ask the token service for a new token`, {
    challenge: { error: 'invalid_token' },
  })
}

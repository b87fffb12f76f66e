import { readServiceToken } from '#credentials/service-keys.ts'
import { RegistryError } from '#domain/errors.ts'
import { readAuthorization, type Scheme } from './scheme.ts'

/**
 * The JWT of another service. Who signed it is not known before the gate, and for a new key the body, has named the
 * key. A token that is missing or malformed is a bad request (Quay's rule), whoever sent it.
 */
export const serviceKey: Scheme = async ({ authorization, baseUrl }) => {
  const given = readAuthorization(authorization)
  if (given?.scheme !== 'bearer')
    throw new RegistryError(
      'invalid_request',
      'send a JWT that the service has signed, as Authorization: Bearer',
    )
  const { kid } = readServiceToken(given.value)
  const credential = {
    kind: 'service_token',
    token: given.value,
    keyId: kid,
    audience: baseUrl,
  } as const
  return { kind: 'anonymous', credential }
}

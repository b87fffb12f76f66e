import { checkCredentials } from '#credentials/check-credentials.ts'
import { RegistryError } from '#domain/errors.ts'
import { isStorable } from '#domain/text.ts'
import { readAuthorization, toPrincipal, type Scheme } from './scheme.ts'

/** User name (or e-mail) and password, for the token service alone. */
export const basic: Scheme = async ({ authorization }, { db, clock, config }) => {
  const given = readAuthorization(authorization)
  if (!given) return undefined
  const decoded = Buffer.from(given.value, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (given.scheme !== 'basic' || colon < 0 || !isStorable(decoded))
    throw new RegistryError(
      'unauthorized',
      'send user name and password as Basic credentials, or none at all',
      { challenge: {} },
    )
  const user = await checkCredentials(
    { db, clock },
    { login: decoded.slice(0, colon), password: decoded.slice(colon + 1) },
  )
  return toPrincipal(user, { kind: 'password' }, config)
}

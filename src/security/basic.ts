import { checkLogin } from '#credentials/check-login.ts'
import { RegistryError } from '#domain/errors.ts'
import { isStorable } from '#domain/text.ts'
import { readAuthorization, type Scheme } from './scheme.ts'

/** A name and a secret, for the token service alone; `checkLogin` says which. */
export const basic: Scheme = async ({ authorization }, deps) => {
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
  return checkLogin(deps, { login: decoded.slice(0, colon), password: decoded.slice(colon + 1) })
}

import { checkLogin } from '#credentials/check-login.ts'
import { RegistryError } from '#domain/errors.ts'
import { isStorable } from '#domain/text.ts'
import { readAuthorization, type Scheme } from './scheme.ts'

/** A name and a secret, for the token service alone; `checkLogin` says which. */
export const basic: Scheme = async ({ authorization, host }, deps) => {
  if (authorization === undefined) return undefined
  const given = readBasic(authorization)
  if (!given)
    throw new RegistryError(
      'unauthorized',
      'send user name and password as Basic credentials, or none at all',
      { challenge: {} },
    )
  return checkLogin(deps, { ...given, host })
}

/** Name and password of a Basic header (RFC 7617); undefined when it is none. */
export function readBasic(header: string): { login: string; password: string } | undefined {
  const given = readAuthorization(header)
  const decoded = Buffer.from(given?.value ?? '', 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (given?.scheme !== 'basic' || colon < 0 || !isStorable(decoded)) return undefined
  return { login: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

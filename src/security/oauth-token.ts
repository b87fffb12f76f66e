import { checkOAuthToken } from '#credentials/check-oauth-token.ts'
import { RegistryError } from '#domain/errors.ts'
import { readAuthorization, type Scheme } from './scheme.ts'

/**
 * OAuth token of the management API. As with Quay, one that is malformed, unknown or expired makes the call
 * anonymous: public things are served, the rest answers 401. Any other kind of credential is refused.
 */
export const oauthToken: Scheme = async ({ authorization }, deps) => {
  const given = readAuthorization(authorization)
  if (!given) return undefined
  if (given.scheme !== 'bearer')
    throw new RegistryError(
      'invalid_token',
      `${given.scheme.slice(0, 20)} credentials are not accepted here: send an OAuth token as Bearer, or sign in`,
    )
  return checkOAuthToken(deps, given.value)
}

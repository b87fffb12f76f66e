import { hashToken, sameSecret } from '#credentials/secrets.ts'
import { oauthTokenNameLength } from '#credentials/oauth-tokens.ts'
import { RegistryError } from '#domain/errors.ts'
import { oauthScopes } from '#domain/principal.ts'
import { findOAuthToken } from '#store/oauth.ts'
import { findUserById } from '#store/user.ts'
import { readAuthorization, toPrincipal, type Scheme } from './scheme.ts'

/**
 * OAuth token of the management API. As with Quay, one that is malformed, unknown or expired makes the call
 * anonymous: public things are served, the rest answers 401. Any other kind of credential is refused.
 */
export const oauthToken: Scheme = async ({ authorization }, { db, config, clock }) => {
  const given = readAuthorization(authorization)
  if (!given) return undefined
  if (given.scheme !== 'bearer')
    throw new RegistryError(
      'invalid_token',
      `${given.scheme.slice(0, 20)} credentials are not accepted here: send an OAuth token as Bearer, or sign in`,
    )
  const token = await findOAuthToken(db, {
    namePart: given.value.slice(0, oauthTokenNameLength),
    at: clock.now(),
  })
  const secretHash = hashToken(given.value.slice(oauthTokenNameLength))
  if (!token || !sameSecret(token.secret_hash, secretHash)) return undefined
  const user = await findUserById(db, token.user_id)
  if (!user?.enabled) return undefined
  const scopes = token.scopes.split(' ')
  return toPrincipal(
    user,
    {
      kind: 'oauth_token',
      tokenId: token.id,
      application: token.application,
      applicationId: token.application_id,
      scopes: oauthScopes.filter((scope) => scopes.includes(scope)),
    },
    config,
  )
}

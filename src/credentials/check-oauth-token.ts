import {
  oauthScopes,
  userPrincipal,
  type OAuthScope,
  type StandingRules,
  type UserPrincipal,
} from '#domain/principal.ts'
import type { Clock } from '#domain/clock.ts'
import type { LastUse } from '#domain/last-use.ts'
import type { Db } from '#store/db.ts'
import { findOAuthToken, type OAuthLogin } from '#store/oauth.ts'
import { oauthTokenNameLength } from './oauth-tokens.ts'
import { hashToken, sameSecret } from './secrets.ts'

/** The owner of an OAuth token, limited to its scopes; undefined when it is no good or its owner is disabled. */
export async function checkOAuthToken(
  { db, clock, config, lastUse }: { db: Db; clock: Clock; config: StandingRules; lastUse: LastUse },
  token: string,
): Promise<UserPrincipal | undefined> {
  const namePart = token.slice(0, oauthTokenNameLength)
  const found = await findOAuthToken(db, { namePart, at: clock.now() })
  const secretHash = hashToken(token.slice(oauthTokenNameLength))
  if (!found?.enabled || !sameSecret(found.secret_hash, secretHash)) return undefined
  lastUse.record('oauth_token', found.token_id)
  return userPrincipal(found, oauthCredential(found), config)
}

/** The credential that an OAuth token is. */
export function oauthCredential(found: OAuthLogin) {
  const granted = found.scopes.split(' ')
  return {
    kind: 'oauth_token' as const,
    tokenId: found.token_id,
    tokenUuid: found.token_uuid,
    application: found.application,
    applicationId: found.application_id,
    scopes: oauthScopes.filter((scope): scope is OAuthScope => granted.includes(scope)),
  }
}

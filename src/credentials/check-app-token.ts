import { userPrincipal, type StandingRules, type UserPrincipal } from '#domain/principal.ts'
import type { Clock } from '#domain/clock.ts'
import type { LastUse } from '#domain/last-use.ts'
import { findAppToken, type AppTokenLogin } from '#store/app-token.ts'
import type { Db } from '#store/db.ts'
import { appTokenNameLength } from './app-tokens.ts'
import { hashToken, sameSecret } from './secrets.ts'

/** The owner of an app token; undefined when it is no good or its owner is disabled. */
export async function checkAppToken(
  { db, clock, config, lastUse }: { db: Db; clock: Clock; config: StandingRules; lastUse: LastUse },
  token: string,
): Promise<UserPrincipal | undefined> {
  const namePart = token.slice(0, appTokenNameLength)
  const found = await findAppToken(db, { namePart, at: clock.now() })
  const secretHash = hashToken(token.slice(appTokenNameLength))
  if (!found?.enabled || !sameSecret(found.secret_hash, secretHash)) return undefined
  lastUse.record('app_token', found.token_id)
  return userPrincipal(found, appTokenCredential(found), config)
}

/** The credential that an app token is. */
export function appTokenCredential(found: AppTokenLogin) {
  return {
    kind: 'app_token' as const,
    tokenId: found.token_id,
    tokenUuid: found.token_uuid,
    title: found.title,
  }
}

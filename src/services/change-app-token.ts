import { makeAppToken } from '#credentials/app-tokens.ts'
import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import { deleteAppToken, insertAppToken, type AppToken } from '#store/app-token.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import type { Deps } from '#deps.ts'
import { holdOwnAccount } from './hold-own-account.ts'

/**
 * Makes an app token of the caller; it ends after APP_SPECIFIC_TOKEN_EXPIRATION, or never. Gives it with its text.
 * The audit row (`create_app_specific_token`) is written in the same transaction.
 */
export async function addAppToken(
  { db, clock, config, sealer }: Deps,
  { title, actor }: { title: string; actor: UserActor },
): Promise<{ made: AppToken; token: string }> {
  const { token, namePart, secretHash } = makeAppToken()
  const at = clock.now()
  const lifeSeconds = config.APP_SPECIFIC_TOKEN_EXPIRATION
  const expiresAt = lifeSeconds === undefined ? null : new Date(at.getTime() + lifeSeconds * 1000)
  const kept = { title, namePart, secretHash, sealedToken: sealer.seal(token), at, expiresAt }
  const made = await transact(db, async (tx) => {
    await holdOwnAccount(tx, actor)
    const row = await insertAppToken(tx, { userId: actor.id, ...kept })
    await log(tx, { kind: 'create_app_specific_token', actor, ...row, at })
    return row
  })
  return { made, token }
}

/**
 * Ends an app token of the caller at once. Throws `not_found`, also for somebody else's. The audit row
 * (`revoke_app_specific_token`) is written in the same transaction.
 */
export async function revokeAppToken(
  { db, clock }: Deps,
  { uuid, actor }: { uuid: string; actor: UserActor },
): Promise<void> {
  await transact(db, async (tx) => {
    const title = await deleteAppToken(tx, { userId: actor.id, uuid })
    if (title === undefined) throw new RegistryError('not_found', `you have no app token ${uuid}`)
    await log(tx, { kind: 'revoke_app_specific_token', actor, uuid, title, at: clock.now() })
  })
}

async function log(
  tx: Tx,
  entry: { kind: LogKind; actor: UserActor; uuid: string; title: string; at: Date },
): Promise<void> {
  await writeLog(tx, {
    kind: entry.kind,
    actor: entry.actor,
    namespaceId: entry.actor.id,
    metadata: { app_specific_token_title: entry.title, app_specific_token: entry.uuid },
    at: entry.at,
  })
}

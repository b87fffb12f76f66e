import type { Db } from './db.ts'

/** A refresh token as it was given out: bound to a user, a service and a client. */
export function findRefreshToken(db: Db, token: { tokenHash: string; at: Date }) {
  return db
    .selectFrom('refresh_token')
    .select(['user_id', 'credential_epoch', 'service', 'client_id'])
    .where('token_hash', '=', token.tokenHash)
    .where('expires_at', '>', token.at)
    .executeTakeFirst()
}

/** Keeps the hash of a refresh token. */
export async function insertRefreshToken(
  db: Db,
  token: {
    tokenHash: string
    userId: number
    credentialEpoch: string
    service: string
    clientId: string
    at: Date
    expiresAt: Date
  },
): Promise<void> {
  await db
    .insertInto('refresh_token')
    .values({
      token_hash: token.tokenHash,
      user_id: token.userId,
      credential_epoch: token.credentialEpoch,
      service: token.service,
      client_id: token.clientId,
      created_at: token.at,
      expires_at: token.expiresAt,
    })
    .execute()
}

/** Removes refresh tokens whose time is over. Gives how many. */
export async function deleteExpiredRefreshTokens(db: Db, at: Date): Promise<number> {
  const result = await db
    .deleteFrom('refresh_token')
    .where('expires_at', '<=', at)
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

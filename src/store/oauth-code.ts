import type { Db, Tx } from './db.ts'

/** A code of the OAuth flow, and what it was given for. */
export interface NewCode {
  codeHash: string
  applicationId: number
  userId: number
  redirectUri: string
  scopes: readonly string[]
  /** S256 challenge of PKCE. */
  codeChallenge: string | undefined
  at: Date
  expiresAt: Date
}

export async function insertCode(db: Db, code: NewCode): Promise<void> {
  await db
    .insertInto('oauth_code')
    .values({
      code_hash: code.codeHash,
      application_id: code.applicationId,
      user_id: code.userId,
      redirect_uri: code.redirectUri,
      scopes: code.scopes.join(' '),
      code_challenge: code.codeChallenge ?? null,
      code_challenge_method: code.codeChallenge === undefined ? null : 'S256',
      created_at: code.at,
      expires_at: code.expiresAt,
    })
    .execute()
}

/** Takes a code away and gives it; of several who present it at once, one gets it. */
export function takeCode(tx: Tx, codeHash: string) {
  return tx
    .deleteFrom('oauth_code')
    .where('code_hash', '=', codeHash)
    .returning([
      'application_id',
      'user_id',
      'redirect_uri',
      'scopes',
      'code_challenge',
      'expires_at',
    ])
    .executeTakeFirst()
}

/** Removes the codes of a user. */
export async function deleteCodesOf(tx: Tx, userId: number): Promise<void> {
  await tx.deleteFrom('oauth_code').where('user_id', '=', userId).execute()
}

export async function deleteExpiredCodes(db: Db, at: Date): Promise<void> {
  await db.deleteFrom('oauth_code').where('expires_at', '<=', at).execute()
}

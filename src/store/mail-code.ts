import type { Db, Tx } from './db.ts'

/** What a code in a mail is good for. */
export type MailCodePurpose = 'confirm' | 'change_email' | 'recover'

/** A code that was sent; `email` is the address that it went to. */
export interface MailCode {
  userId: number
  purpose: MailCodePurpose
  email: string
}

export async function insertMailCode(
  tx: Tx,
  code: MailCode & { codeHash: string; at: Date; expiresAt: Date },
): Promise<void> {
  await tx
    .insertInto('mail_code')
    .values({
      code_hash: code.codeHash,
      user_id: code.userId,
      purpose: code.purpose,
      new_email: code.email,
      created_at: code.at,
      expires_at: code.expiresAt,
    })
    .execute()
}

/**
 * Uses a code up: of two who present it at once, one gets it. Undefined when it is used, ended, too old or for something
 * else. A code that changes the address is for its own user, `signedInId`, alone.
 */
export async function takeMailCode(
  tx: Tx,
  wanted: {
    codeHash: string
    purposes: readonly MailCodePurpose[]
    signedInId?: number | undefined
    at: Date
  },
): Promise<MailCode | undefined> {
  const signedInId = wanted.signedInId ?? null
  const row = await tx
    .deleteFrom('mail_code')
    .where('code_hash', '=', wanted.codeHash)
    .where('purpose', 'in', wanted.purposes)
    .where('expires_at', '>', wanted.at)
    .where(({ or, eb }) =>
      or([eb('purpose', '<>', 'change_email'), eb('user_id', '=', signedInId)]),
    )
    .returning(['user_id', 'purpose', 'new_email'])
    .executeTakeFirst()
  return row && readCode(row)
}

/** Finds a code that still works, and leaves it as it is. */
export async function findMailCode(
  db: Db,
  wanted: { codeHash: string; purposes: readonly MailCodePurpose[]; at: Date },
): Promise<MailCode | undefined> {
  const row = await db
    .selectFrom('mail_code')
    .select(['user_id', 'purpose', 'new_email'])
    .where('code_hash', '=', wanted.codeHash)
    .where('purpose', 'in', wanted.purposes)
    .where('expires_at', '>', wanted.at)
    .executeTakeFirst()
  return row && readCode(row)
}

function readCode(row: { user_id: number; purpose: string; new_email: string | null }): MailCode {
  return {
    userId: row.user_id,
    purpose: row.purpose as MailCodePurpose,
    email: row.new_email ?? '',
  }
}

/** Ends the codes of a user, or those for one purpose. */
export async function endMailCodes(
  tx: Tx,
  userId: number,
  purpose?: MailCodePurpose,
): Promise<void> {
  const codes = tx.deleteFrom('mail_code').where('user_id', '=', userId)
  await (purpose === undefined ? codes : codes.where('purpose', '=', purpose)).execute()
}

/** Removes codes whose time is over. */
export async function deleteExpiredMailCodes(db: Db, at: Date): Promise<void> {
  await db.deleteFrom('mail_code').where('expires_at', '<=', at).execute()
}

import { hashToken } from '#credentials/secrets.ts'
import { findMailCode, type MailCodePurpose } from '#store/mail-code.ts'
import { findUserById } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { isGoodFor } from './use-mail-code.ts'

/** What the link of a mail would do. */
export interface MailLink {
  purpose: MailCodePurpose
  userId: number
  username: string
  /** The address that the mail went to. */
  email: string
}

/** Looks at the code of a mail and leaves it as it is. Undefined when it is no good any more. */
export async function lookAtMailCode(
  { db, clock }: Deps,
  wanted: { code: string; purposes: readonly MailCodePurpose[] },
): Promise<MailLink | undefined> {
  const { code, purposes } = wanted
  const found = await findMailCode(db, { codeHash: hashToken(code), purposes, at: clock.now() })
  const user = found && (await findUserById(db, found.userId))
  if (!found || !user || !isGoodFor(found, user)) return undefined
  const { purpose, email, userId } = found
  return { purpose, userId, username: user.username, email }
}

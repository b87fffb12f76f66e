import { hashToken } from '#credentials/secrets.ts'
import { userPrincipal, type Actor, type Origin } from '#domain/principal.ts'
import { findEmailHolder, lockEmail } from '#store/email.ts'
import { writeLog } from '#store/log.ts'
import {
  endMailCodes,
  takeMailCode,
  type MailCode,
  type MailCodePurpose,
} from '#store/mail-code.ts'
import { transact, type Tx } from '#store/db.ts'
import { findUserById, markVerified, updateAccount, type User } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { logSignIn } from './sign-in.ts'
import { queueMail } from './queue-mail.ts'

/** Who has followed a link, signed in by it, and the page that comes next. */
export interface FollowedLink {
  user: User
  location: string
}

interface GivenCode {
  code: string
  actor: Actor
}

/**
 * Takes the code of a mail that confirms an address: of a new account, or of one that is to move there. The audit row
 * (`user_change_email`) is written in the same transaction, and the former address is told. Undefined when the code
 * is no good any more, or the address went to somebody else.
 */
export async function confirmAddress(
  deps: Deps,
  given: GivenCode,
): Promise<FollowedLink | undefined> {
  return transact(deps.db, async (tx) => {
    const taken = await takeCode(deps, tx, given, ['confirm', 'change_email'])
    if (!taken) return undefined
    const { user, code } = taken
    const isMove = code.purpose === 'change_email'
    if (isMove && !(await moveAddress(deps, tx, { user, email: code.email, from: given.actor })))
      return undefined
    await markVerified(tx, user.id)
    await logSignIn(deps, tx, { user, actor: given.actor })
    const account = `/user/${user.username}?tab=settings`
    const start = (user.prompts as unknown[]).length > 0 ? '/updateuser' : '/'
    return { user: (await findUserById(tx, user.id))!, location: isMove ? account : start }
  })
}

/**
 * Takes the code of a mail for a forgotten password. Who reads the mails of an account has proved its address too.
 * Undefined when the code is no good any more.
 */
export async function recoverAccess(
  deps: Deps,
  given: GivenCode,
): Promise<FollowedLink | undefined> {
  return transact(deps.db, async (tx) => {
    const taken = await takeCode(deps, tx, given, ['recover'])
    if (!taken) return undefined
    const { user } = taken
    await markVerified(tx, user.id)
    await logSignIn(deps, tx, { user, actor: given.actor })
    return { user, location: `/user/${user.username}?tab=settings&action=password` }
  })
}

/** A code is good while its account is enabled and, unless it moves the account, has the address that it went to. */
async function takeCode(
  { clock }: Deps,
  tx: Tx,
  { code: text }: GivenCode,
  purposes: readonly MailCodePurpose[],
): Promise<{ user: User; code: MailCode } | undefined> {
  const code = await takeMailCode(tx, { codeHash: hashToken(text), purposes, at: clock.now() })
  const user = code && (await findUserById(tx, code.userId))
  if (!code || !user?.enabled) return undefined
  return code.purpose === 'change_email' || code.email === user.email ? { user, code } : undefined
}

async function moveAddress(
  deps: Deps,
  tx: Tx,
  { user, email, from }: { user: User; email: string; from: Origin },
): Promise<boolean> {
  await lockEmail(tx, email)
  const { byUser, byOrganization } = await findEmailHolder(tx, { email, exceptId: user.id })
  if (byUser || (byOrganization && !deps.config.FEATURE_ORG_SHARED_EMAIL)) return false
  const at = deps.clock.now()
  await updateAccount(tx, user.id, { email })
  // What went to the former mailbox must not open the account any more.
  await endMailCodes(tx, user.id)
  const { address, userAgent } = from
  const credential = { kind: 'session', signedInAt: at } as const
  await writeLog(tx, {
    kind: 'user_change_email',
    actor: { ...userPrincipal(user, credential, deps.config), address, userAgent },
    namespaceId: user.id,
    metadata: { email, old_email: user.email },
    at,
  })
  if (user.email !== null)
    await queueMail(deps, tx, {
      kind: 'address-changed',
      username: user.username,
      newAddress: email,
      to: user.email,
    })
  return true
}

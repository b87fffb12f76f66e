import { hashToken } from '#credentials/secrets.ts'
import type { Actor, UserActor } from '#domain/principal.ts'
import { findEmailHolder, lockEmail } from '#store/email.ts'
import { writeLog } from '#store/log.ts'
import {
  endMailCodes,
  findMailCode,
  takeMailCode,
  type MailCode,
  type MailCodePurpose,
} from '#store/mail-code.ts'
import { transact, type Tx } from '#store/db.ts'
import { findUserById, markVerified, updateAccount, type User } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { logSignIn } from './sign-in.ts'
import { queueMail } from './queue-mail.ts'

/** Whom a link signs in that was followed, and the page that comes next. */
export interface FollowedLink {
  signsIn?: User
  location: string
}

interface GivenCode {
  code: string
  actor: Actor
}

/**
 * Takes the code of a mail that confirms an address: of a new account, or of one that is to move there. The latter
 * proves the address and not the person, so it signs nobody in and waits for a session of that user. The audit row
 * (`user_change_email`) is written in the same transaction, and the former address is told. Undefined when the code
 * is no good any more, or the address went to somebody else.
 */
export async function confirmAddress(
  deps: Deps,
  given: GivenCode,
): Promise<FollowedLink | 'sign-in-first' | undefined> {
  const purposes = ['change_email'] as const
  const change = { codeHash: hashToken(given.code), purposes, at: deps.clock.now() }
  return transact(deps.db, async (tx) => {
    const taken = await takeCode(deps, tx, given, ['confirm', 'change_email'])
    if (!taken) return (await findMailCode(tx, change)) && 'sign-in-first'
    const { user, code } = taken
    const actor = sessionOf(given.actor)
    if (code.purpose === 'change_email')
      return actor && moveAddress(deps, tx, { user, email: code.email, actor })
    const signsIn = await signInByCode(deps, tx, { user, actor: given.actor })
    return { signsIn, location: (user.prompts as unknown[]).length > 0 ? '/updateuser' : '/' }
  })
}

/** Who calls with a session. */
function sessionOf(actor: Actor): UserActor | undefined {
  return actor.kind === 'user' && actor.credential.kind === 'session' ? actor : undefined
}

async function signInByCode(
  deps: Deps,
  tx: Tx,
  { user, actor }: { user: User; actor: Actor },
): Promise<User> {
  await markVerified(tx, user.id)
  await logSignIn(deps, tx, { user, actor })
  return user
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
    const signsIn = await signInByCode(deps, tx, { user, actor: given.actor })
    return { signsIn, location: `/user/${user.username}?tab=settings&action=password` }
  })
}

/** A code is good while its account is enabled and, unless it moves the account, has the address that it went to. */
export function isGoodFor(
  { purpose, email }: Pick<MailCode, 'purpose' | 'email'>,
  user: User,
): boolean {
  return user.enabled && (purpose === 'change_email' || email === user.email)
}

async function takeCode(
  { clock }: Deps,
  tx: Tx,
  { code: text, actor }: GivenCode,
  purposes: readonly MailCodePurpose[],
): Promise<{ user: User; code: MailCode } | undefined> {
  const code = await takeMailCode(tx, {
    codeHash: hashToken(text),
    purposes,
    signedInId: sessionOf(actor)?.id,
    at: clock.now(),
  })
  const user = code && (await findUserById(tx, code.userId))
  return code && user && isGoodFor(code, user) ? { user, code } : undefined
}

async function moveAddress(
  deps: Deps,
  tx: Tx,
  { user, email, actor }: { user: User; email: string; actor: UserActor },
): Promise<FollowedLink | undefined> {
  await lockEmail(tx, email)
  if ((await findEmailHolder(tx, { email, exceptId: user.id })).byUser) return undefined
  const at = deps.clock.now()
  await updateAccount(tx, user.id, { email })
  await markVerified(tx, user.id)
  // What went to the former mailbox must not open the account any more.
  await endMailCodes(tx, user.id)
  await writeLog(tx, {
    kind: 'user_change_email',
    actor,
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
  return { location: `/user/${user.username}?tab=settings` }
}

import { hashPassword } from '#credentials/passwords.ts'
import { checkPassword, parseEmail, parseNamespaceName } from '#domain/name.ts'
import type { KnownActor } from '#domain/principal.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import { renameRobots } from '#store/robot-change.ts'
import {
  findUserById,
  removePrompts,
  updateAccount,
  updateNamespace,
  updatePassword,
  type AccountChanges,
  type User,
} from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { claimEmail } from './claim-email.ts'
import { sendChangeConfirmation } from './mail-code.ts'
import { holdOwnAccount } from './hold-own-account.ts'
import { queueMail } from './queue-mail.ts'
import { refuseTaken } from './refuse-taken.ts'
import { demandPlainName, findHolder } from './sign-up.ts'
import { demandOfferedSpan } from './tag-expiration.ts'

/** What a user wants changed on the own account; absent fields stay. */
export interface WantedChanges extends AccountChanges {
  password?: string
  tag_expiration_s?: number
  username?: string
}

/**
 * Changes a user's own account: all of it or nothing, with an audit row for each part. A new password ends
 * every session and token that was made with the old one, and the owner is told by mail. Throws `invalid_request` for a value that breaks
 * a rule or is taken, `invalid_token` when the account was changed since the call was let in.
 */
export async function changeAccount(
  deps: Deps,
  { actor, wanted }: { actor: KnownActor; wanted: WantedChanges },
): Promise<User> {
  const changes = allowedChanges(deps, actor, wanted)
  const passwordHash =
    changes.password === undefined ? undefined : await hashPassword(checkPassword(changes.password))
  return refuseTaken(
    transact(deps.db, async (tx) => {
      const before = await holdOwnAccount(tx, actor)
      const log = (kind: LogKind, metadata: Record<string, unknown>) =>
        writeLog(tx, { kind, actor, namespaceId: actor.id, metadata, at: deps.clock.now() })
      if (passwordHash !== undefined) {
        await updatePassword(tx, actor.id, passwordHash)
        await log('account_change_password', {})
        await tellNewPassword(deps, tx, before)
      }
      const { email: wantedEmail, ...others } = changes
      const email = await takeEmail(deps, tx, before, wantedEmail)
      await changeNamespace(tx, before, others, log)
      await changeDetails(tx, before, present({ ...others, email }), log)
      return (await findUserById(tx, actor.id))!
    }),
    'The username is already taken',
  )
}

async function tellNewPassword(deps: Deps, tx: Tx, { username, email }: User): Promise<void> {
  if (email !== null) await queueMail(deps, tx, { kind: 'password-changed', username, to: email })
}

/**
 * Gives the address that the account gets at once. With FEATURE_MAILING that is none: a mail to the new address has a
 * link that moves the account there, or tells its owner that somebody wanted to have it.
 */
async function takeEmail(
  deps: Deps,
  tx: Tx,
  before: User,
  email: string | undefined,
): Promise<string | undefined> {
  if (email === undefined || email === before.email) return undefined
  if (deps.config.FEATURE_MAILING) {
    const holder = await findHolder(tx, email)
    await sendChangeConfirmation(deps, tx, { ...before, email }, holder)
    return undefined
  }
  await claimEmail(tx, deps.config, { email, kind: 'user', id: before.id })
  return email
}

/**
 * Drops what features leave switched off, and checks the rest. Fields are taken by name: a body may hold
 * others, and these become columns.
 */
function allowedChanges({ config }: Deps, actor: KnownActor, wanted: WantedChanges): WantedChanges {
  const { tag_expiration_s, username } = wanted
  const { password, email, invoice_email, invoice_email_address } = wanted
  const { given_name, family_name, company, location } = wanted
  if (email !== undefined) parseEmail(email)
  const allowed: WantedChanges = present({ password, email, invoice_email, invoice_email_address })
  if (config.FEATURE_USER_METADATA)
    Object.assign(allowed, present({ given_name, family_name, company, location }))
  if (config.FEATURE_USER_RENAME && username !== undefined && username !== actor.username) {
    demandPlainName(username, config)
    allowed.username = parseNamespaceName(username)
  }
  if (config.FEATURE_CHANGE_TAG_EXPIRATION && tag_expiration_s !== undefined) {
    demandOfferedSpan(tag_expiration_s, config)
    allowed.tag_expiration_s = tag_expiration_s
  }
  return allowed
}

function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

type Log = (kind: LogKind, metadata: Record<string, unknown>) => Promise<void>

async function changeNamespace(
  tx: Tx,
  before: User,
  wanted: WantedChanges,
  log: Log,
): Promise<void> {
  const { tag_expiration_s: seconds, username } = wanted
  if (seconds !== undefined) {
    await updateNamespace(tx, before.id, { tag_expiration_seconds: seconds })
    await log('user_change_tag_expiration', { tag_expiration: seconds })
  }
  if (username !== undefined && username !== before.username) {
    await updateNamespace(tx, before.id, { name: username })
    await renameRobots(tx, before.id)
    await removePrompts(tx, before.id, ['confirm_username'])
    await log('user_change_name', { old_username: before.username })
  }
}

async function changeDetails(tx: Tx, before: User, wanted: WantedChanges, log: Log): Promise<void> {
  const {
    password: _password,
    tag_expiration_s: _seconds,
    username: _username,
    ...details
  } = wanted
  await updateAccount(tx, before.id, details)
  const { email, invoice_email, invoice_email_address, ...metadata } = details
  if (invoice_email !== undefined) await log('user_change_invoicing', { invoice_email })
  if (invoice_email_address !== undefined)
    await log('user_change_invoicing', { invoice_email_address })
  if (email !== undefined) await log('user_change_email', { email, old_email: before.email })
  if (Object.keys(metadata).length === 0) return
  await removePrompts(tx, before.id, ['enter_name', 'enter_company'])
  await log('user_change_metadata', metadata)
}

import { hashPassword } from '#credentials/passwords.ts'
import { randomPassword } from '#credentials/secrets.ts'
import { RegistryError } from '#domain/errors.ts'
import { checkPassword, parseEmail } from '#domain/name.ts'
import { standingOf, type UserActor } from '#domain/principal.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import { endMailCodes } from '#store/mail-code.ts'
import {
  endLogins,
  findUserById,
  findUserByName,
  lockUser,
  updateAccount,
  updateNamespace,
  updatePassword,
  type User,
} from '#store/user.ts'
import type { Config } from '#config.ts'
import type { Deps } from '#deps.ts'
import { claimEmail } from './claim-email.ts'
import { createUser } from './create-user.ts'
import { deleteNamespace } from './delete-namespace.ts'
import { sendConfirmation, sendRecovery } from './mail-code.ts'

/**
 * Makes an account for somebody else; with FEATURE_MAILING it waits until its owner has confirmed the address. Gives its
 * password too, which is kept nowhere. Throws what `createUser` throws.
 */
export async function createInstallUser(
  deps: Deps,
  wanted: { username: string; email: string | null; actor: UserActor },
): Promise<{ user: User; password: string }> {
  const { username, email, actor } = wanted
  const password = randomPassword()
  const user = await createUser(deps, {
    username,
    email,
    password,
    actor,
    madeBy: actor.username,
    isVerified: !deps.config.FEATURE_MAILING,
    after: (tx, made) => sendConfirmation(deps, tx, made),
  })
  return { user, password }
}

/** What a superuser wants changed on somebody's account; absent fields stay. */
export interface InstallUserChanges {
  password?: string | undefined
  email?: string | undefined
  enabled?: boolean | undefined
}

/**
 * Changes somebody's account: all of it or nothing, with an audit row for each part. A new password, and disabling, end
 * every login of the user. Throws `not_found`, or `invalid_request` for a superuser and for values that break a rule or
 * are taken.
 */
export async function changeInstallUser(
  { db, clock, config }: Deps,
  { username, wanted, actor }: { username: string; wanted: InstallUserChanges; actor: UserActor },
): Promise<User> {
  const { password, email, enabled } = wanted
  // Who cannot be changed is told first, before what is wrong with the change.
  demandPlain(await findUserByName(db, username), username, config)
  if (email !== undefined) parseEmail(email)
  const passwordHash =
    password === undefined ? undefined : await hashPassword(checkPassword(password))
  return transact(db, async (tx) => {
    const user = await lockPlainUser(tx, username, config)
    const log = (kind: LogKind, metadata: Record<string, unknown>) =>
      writeLog(tx, {
        kind,
        actor,
        namespaceId: user.id,
        metadata: { ...metadata, superuser: actor.username },
        at: clock.now(),
      })
    if (passwordHash !== undefined) {
      await updatePassword(tx, user.id, passwordHash)
      await log('user_change_password', { username })
    }
    if (email !== undefined && email !== user.email) {
      await claimEmail(tx, config, { email, kind: 'user', id: user.id })
      await updateAccount(tx, user.id, { email, is_verified: true })
      // Codes that went to the former address would let its owner in.
      await endMailCodes(tx, user.id)
      await log('user_change_email', { email, old_email: user.email })
    }
    if (enabled !== undefined && enabled !== user.enabled) {
      await updateNamespace(tx, user.id, { enabled })
      if (!enabled) await endLogins(tx, user.id)
      await log(enabled ? 'user_enable' : 'user_disable', { username })
    }
    return (await findUserById(tx, user.id))!
  })
}

/**
 * Deletes somebody's account with all that it owns, also the only administrator of an organization; the audit row
 * (`user_delete`) is written in the same transaction. Throws `not_found`, or `invalid_request` for a superuser.
 */
export async function deleteInstallUser(
  { db, clock, config }: Deps,
  { username, actor }: { username: string; actor: UserActor },
): Promise<void> {
  const at = clock.now()
  await transact(db, async (tx) => {
    const { id } = await lockPlainUser(tx, username, config)
    const entry = { kind: 'user_delete', actor, namespaceId: id, at } as const
    await writeLog(tx, { ...entry, metadata: { username } })
    await deleteNamespace(tx, { namespaceId: id, at })
  })
}

/**
 * Sends somebody a mail to set a new password; gives the address. Throws `not_found`, or `invalid_request` for a
 * superuser and for a user without an address.
 */
export async function sendInstallRecovery(
  deps: Deps,
  { username }: { username: string },
): Promise<string> {
  return transact(deps.db, async (tx) => {
    const user = await lockPlainUser(tx, username, deps.config)
    if (user.email === null)
      throw new RegistryError('invalid_request', `${username} has no email address`)
    await sendRecovery(deps, tx, user)
    return user.email
  })
}

/**
 * Finds a user whom superusers have power over, and holds the namespace until the transaction ends. Throws `not_found`,
 * and `invalid_request` for superusers: they have none over each other.
 */
export async function lockPlainUser(tx: Tx, username: string, config: Config): Promise<User> {
  return demandPlain(await lockUser(tx, username), username, config)
}

function demandPlain(user: User | undefined, username: string, config: Config): User {
  if (!user) throw new RegistryError('not_found', `no user ${username}`)
  if (standingOf({ username: user.username, isSuperuser: user.is_superuser }, config).superuser)
    throw new RegistryError(
      'invalid_request',
      `${username} is a superuser, over whom other superusers have no power`,
    )
  return user
}

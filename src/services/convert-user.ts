import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { holdUser } from '#store/namespace.ts'
import { convertToOrganization } from '#store/organization.ts'
import { findUserByLogin, type User } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { holdOwnAccount } from './hold-own-account.ts'
import { demandNotSoleAdmin } from './last-admin.ts'
import { signIn } from './sign-in.ts'

/**
 * Makes an organization of the caller's account; another user, whose password is given, administers it. Gives that
 * user. The audit row (`account_convert`) is written in the same transaction. Throws `invalid_request`, with `reason:
 * invaliduser` when that user cannot sign in or is the caller, or `too_many_attempts`.
 */
export async function convertAccount(
  deps: Deps,
  { login, password, actor }: { login: string; password: string; actor: UserActor },
): Promise<User> {
  const admin = await findAdmin(deps, { login, password, actor })
  const at = deps.clock.now()
  await transact(deps.db, async (tx) => {
    await demandNotSoleAdmin(tx, actor.id)
    await holdOwnAccount(tx, actor)
    // Before the account goes: the entry names who did it.
    await writeLog(tx, {
      kind: 'account_convert',
      actor,
      namespaceId: actor.id,
      metadata: {},
      at,
    })
    await turnIntoOrganization(tx, { userId: actor.id, ownerId: admin.id })
  })
  return admin
}

async function findAdmin(
  deps: Deps,
  given: { login: string; password: string; actor: UserActor },
): Promise<User> {
  const named = await findUserByLogin(deps.db, given.login)
  if (named?.id === given.actor.id)
    throw refusal('The administrator must be another user than the one that is converted')
  try {
    return await signIn(deps, given)
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code === 'too_many_attempts') throw error
    throw refusal('The administrator cannot sign in with this name and password', error)
  }
}

function refusal(message: string, cause?: unknown): RegistryError {
  return new RegistryError('invalid_request', message, { cause, extra: { reason: 'invaliduser' } })
}

/**
 * Turns a user into an organization that `ownerId` administers, in the transaction of the caller, who writes the audit
 * row before. All that hangs on the account goes: password, sessions, tokens, memberships, grants. Throws `invalid_request`
 * when the owner was deleted or became an organization meanwhile.
 */
export async function turnIntoOrganization(
  tx: Tx,
  change: { userId: number; ownerId: number },
): Promise<void> {
  if (!(await holdUser(tx, change.ownerId)))
    throw refusal('The administrator is no user any more since a moment ago')
  await convertToOrganization(tx, change)
}

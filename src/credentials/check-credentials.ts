import type { Clock } from '#domain/clock.ts'
import { RegistryError } from '#domain/errors.ts'
import { signInWaitMs } from '#domain/lockout.ts'
import type { Db } from '#store/db.ts'
import { clearFailedSignIns, findUserByLogin, recordFailedSignIn, type User } from '#store/user.ts'
import { verifyPassword } from './passwords.ts'

/**
 * Checks a user name or e-mail with a password. An unknown name costs and says the same as a wrong password.
 * Throws `unauthorized` (with `reason: account_disabled` or `email_not_verified` where the password was right), or `too_many_attempts`
 * with `Retry-After` while the account waits after wrong passwords, even for the right one.
 */
export async function checkCredentials(deps: CheckDeps, given: Given): Promise<User> {
  const user = await findUserByLogin(deps.db, given.login)
  return user ? inTurn(user.id, () => check(deps, given)) : check(deps, given)
}

/** What checking a password takes. */
export interface CheckDeps {
  db: Db
  clock: Clock
}

interface Given {
  login: string
  password: string
}

/** For each account the end of the checks under way. */
const turns = new Map<number, Promise<unknown>>()

/** One check of an account follows the other, so that guesses made at once are counted one by one. */
async function inTurn<T>(userId: number, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(userId) ?? Promise.resolve()).then(work)
  const settled = mine.then(
    () => undefined,
    () => undefined,
  )
  turns.set(userId, settled)
  try {
    return await mine
  } finally {
    if (turns.get(userId) === settled) turns.delete(userId)
  }
}

async function check({ db, clock }: CheckDeps, given: Given): Promise<User> {
  const user = await findUserByLogin(db, given.login)
  const waitMs = user ? waitOf(user, clock.now()) : 0
  if (waitMs > 0) throw tooManyAttempts(waitMs)
  const fits = await verifyPassword(given.password, user?.password_hash)
  if (!user || !fits) {
    if (user) await recordFailedSignIn(db, user.id, clock.now())
    throw refusal('Invalid username or password.')
  }
  if (!user.enabled)
    throw refusal('This account is disabled. Ask an administrator of the registry.', {
      reason: 'account_disabled',
    })
  if (!user.is_verified)
    throw refusal(
      'The e-mail address of this account is not confirmed: follow the link in the mail, or have a new one sent by asking for a new password.',
      { reason: 'email_not_verified' },
    )
  await clearFailedSignIns(db, user.id)
  return user
}

function waitOf(user: User, at: Date): number {
  return signInWaitMs({
    failures: user.failed_sign_ins,
    lastFailureAt: user.last_failed_sign_in_at,
    at,
  })
}

function refusal(message: string, extra: Record<string, unknown> = {}): RegistryError {
  return new RegistryError('unauthorized', message, { challenge: {}, extra })
}

function tooManyAttempts(waitMs: number): RegistryError {
  const seconds = Math.ceil(waitMs / 1000)
  return new RegistryError(
    'too_many_attempts',
    `Too many sign-in attempts. Try again in ${seconds} seconds.`,
    { headers: { 'Retry-After': String(seconds) } },
  )
}

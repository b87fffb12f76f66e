import type { Clock } from '#domain/clock.ts'
import { RegistryError } from '#domain/errors.ts'
import { signInWaitMs } from '#domain/lockout.ts'
import type { Db } from '#store/db.ts'
import { findUnknownSignIn, recordUnknownSignIn } from '#store/unknown-sign-in.ts'
import {
  clearFailedSignIns,
  findUserById,
  findUserByLogin,
  recordFailedSignIn,
  type User,
} from '#store/user.ts'
import { verifyPassword } from './passwords.ts'
import { hashToken } from './secrets.ts'

/**
 * Checks a user name or e-mail with a password. An unknown name costs and says the same as a wrong password, and waits
 * as an account does.
 * Throws `unauthorized` (with `reason: account_disabled` or `email_not_verified` where the password was right), or `too_many_attempts`
 * with `Retry-After` while the account waits after wrong passwords, even for the right one.
 */
export async function checkCredentials(deps: CheckDeps, given: Given): Promise<User> {
  const found = await findUserByLogin(deps.db, given.login)
  return found
    ? inTurn(found.id, () => checkUser(deps, found.id, given.password))
    : inTurn(hashToken(given.login), () => refuseUnknown(deps, given))
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

/** For each account, by id, and each unknown login, by hash, the end of the checks under way. */
const turns = new Map<number | string, Promise<unknown>>()

/** One check of an account follows the other, so that guesses made at once are counted one by one. */
async function inTurn<T>(key: number | string, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(key) ?? Promise.resolve()).then(work)
  const settled = mine.then(
    () => undefined,
    () => undefined,
  )
  turns.set(key, settled)
  try {
    return await mine
  } finally {
    if (turns.get(key) === settled) turns.delete(key)
  }
}

/** Reads the account again: the check before has counted. */
async function checkUser({ db, clock }: CheckDeps, id: number, password: string): Promise<User> {
  const user = await findUserById(db, id)
  demandNoWait(user, clock.now())
  const fits = await verifyPassword(password, user?.password_hash)
  if (!user || !fits) {
    await recordFailedSignIn(db, id, clock.now())
    throw wrongCredentials()
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

/** Does for a login that nobody has what `checkUser` does for a wrong password, statement by statement. */
async function refuseUnknown({ db, clock }: CheckDeps, given: Given): Promise<never> {
  const loginHash = hashToken(given.login)
  demandNoWait(await findUnknownSignIn(db, loginHash), clock.now())
  await verifyPassword(given.password, undefined)
  await recordUnknownSignIn(db, loginHash, clock.now())
  throw wrongCredentials()
}

function demandNoWait(tried: Tried | undefined, at: Date): void {
  const waitMs = signInWaitMs({
    failures: tried?.failed_sign_ins ?? 0,
    lastFailureAt: tried?.last_failed_sign_in_at ?? null,
    at,
  })
  if (waitMs > 0) throw tooManyAttempts(waitMs)
}

type Tried = Pick<User, 'failed_sign_ins' | 'last_failed_sign_in_at'>

function wrongCredentials(): RegistryError {
  return refusal('Invalid username or password.')
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

import type { Clock } from '#domain/clock.ts'
import { RegistryError } from '#domain/errors.ts'
import { signInWaitMs } from '#domain/lockout.ts'
import type { Db } from '#store/db.ts'
import { clearLoginFailures, findLoginFailures, recordLoginFailure } from '#store/login-failure.ts'
import {
  clearFailedSignIns,
  findUserById,
  findUserByLogin,
  isAddress,
  recordFailedSignIn,
  type User,
} from '#store/user.ts'
import { verifyPassword } from './passwords.ts'
import { hashToken } from './secrets.ts'

/**
 * Checks a user name or e-mail with a password. An unknown login costs and says the same as a wrong password, and waits
 * as an account does. Guesses by address are counted apart from those by name: one count would tell which name and
 * address belong together.
 * Throws `unauthorized` (with `reason: account_disabled` or `email_not_verified` where the password was right), or `too_many_attempts`
 * with `Retry-After` while the login waits after wrong passwords, even for the right one.
 */
export async function checkCredentials(deps: CheckDeps, given: Given): Promise<User> {
  const { login } = given
  if (isAddress(login))
    return check(
      deps,
      given,
      countByText(deps, login, () => findUserByLogin(deps.db, login)),
    )
  const found = await findUserByLogin(deps.db, login)
  const count = found
    ? countByAccount(deps, found.id)
    : countByText(deps, login, async () => undefined)
  return check(deps, given, count)
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

/** Where the guesses at a login are counted. */
interface Count {
  /** Id of the account, or hash of the login. */
  key: number | string
  /** Whose password is asked for, and the guesses so far. */
  look(): Promise<{ user: User | undefined; tried: Tried | undefined }>
  record(): Promise<void>
  clear(): Promise<void>
}

type Tried = Pick<User, 'failed_sign_ins' | 'last_failed_sign_in_at'>

function countByAccount({ db, clock }: CheckDeps, id: number): Count {
  return {
    key: id,
    async look() {
      // Again: the check before has counted.
      const user = await findUserById(db, id)
      return { user, tried: user }
    },
    record: () => recordFailedSignIn(db, id, clock.now()),
    clear: () => clearFailedSignIns(db, id),
  }
}

function countByText(
  { db, clock }: CheckDeps,
  login: string,
  find: () => Promise<User | undefined>,
): Count {
  const hash = hashToken(login)
  return {
    key: hash,
    look: async () => ({ user: await find(), tried: await findLoginFailures(db, hash) }),
    record: () => recordLoginFailure(db, hash, clock.now()),
    clear: () => clearLoginFailures(db, hash),
  }
}

function check(deps: CheckDeps, { password }: Given, count: Count): Promise<User> {
  return inTurn(count.key, () => checkPassword(deps, password, count))
}

/** For each account, by id, and each other login, by hash, the end of the checks under way. */
const turns = new Map<number | string, Promise<unknown>>()

/** One check of a login follows the other, so that guesses made at once are counted one by one. */
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

async function checkPassword({ clock }: CheckDeps, password: string, count: Count): Promise<User> {
  const { user, tried } = await count.look()
  demandNoWait(tried, clock.now())
  const fits = await verifyPassword(password, user?.password_hash)
  if (!user || !fits) {
    await count.record()
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
  await count.clear()
  return user
}

function demandNoWait(tried: Tried | undefined, at: Date): void {
  const waitMs = signInWaitMs({
    failures: tried?.failed_sign_ins ?? 0,
    lastFailureAt: tried?.last_failed_sign_in_at ?? null,
    at,
  })
  if (waitMs > 0) throw tooManyAttempts(waitMs)
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

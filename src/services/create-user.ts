import { hashPassword } from '#credentials/passwords.ts'
import { RegistryError } from '#domain/errors.ts'
import { checkPassword, parseEmail, parseNamespaceName } from '#domain/name.ts'
import type { Actor } from '#domain/principal.ts'
import { transact, type Db, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { findUserById, insertUser, type Prompt, type User } from '#store/user.ts'
import type { Clock } from '#domain/clock.ts'
import type { Config } from '#config.ts'
import { claimEmail } from './claim-email.ts'
import { refuseTaken } from './refuse-taken.ts'

/** What making an account needs; the command line has it without a running server. */
export interface AccountDeps {
  db: Db
  clock: Clock
  config: Pick<Config, 'DEFAULT_TAG_EXPIRATION' | 'FEATURE_MAILING' | 'FEATURE_ORG_SHARED_EMAIL'>
}

/** A new account as it was asked for. */
export interface Account {
  username: string
  email: string | null
  password: string
  superuser?: boolean
  /** The address counts as proved; true when it is left out. Nobody signs in before. */
  isVerified?: boolean
  prompts?: readonly Prompt[]
  /** Its owner asks for it: it is removed when the address is not confirmed in time. */
  isSelfMade?: boolean
  actor: Actor
  /** Name of the superuser who makes it for somebody else. */
  madeBy?: string
  /** Runs first in the transaction; throws to refuse. */
  before?: (tx: Tx) => Promise<void>
  /** Takes the address in place of `claimEmail`, and gives what the account gets of it. */
  claim?: (tx: Tx, email: string) => Promise<string | null>
  /** Runs last in the transaction. */
  after?: (tx: Tx, user: User) => Promise<void>
}

/**
 * Makes an account; the audit row (`user_create`) is written in the same transaction. Throws
 * `invalid_request` for a bad or taken name, a bad, missing or taken e-mail address, or a weak password.
 */
export async function createUser(
  { db, clock, config }: AccountDeps,
  account: Account,
): Promise<User> {
  const username = parseNamespaceName(account.username)
  if (account.email === null && config.FEATURE_MAILING)
    throw new RegistryError(
      'invalid_request',
      'An email address is needed: the registry sends mail',
    )
  const email = account.email === null ? null : parseEmail(account.email)
  const passwordHash = await hashPassword(checkPassword(account.password))
  const at = clock.now()
  return refuseTaken(
    transact(db, async (tx) => {
      await account.before?.(tx)
      const kept = email === null ? null : await claim(tx, config, { account, email })
      const id = await insertUser(tx, {
        username,
        email: kept,
        passwordHash,
        isVerified: account.isVerified ?? true,
        isSuperuser: account.superuser ?? false,
        prompts: account.prompts ?? [],
        isSelfMade: account.isSelfMade ?? false,
        tagExpirationSeconds: config.DEFAULT_TAG_EXPIRATION,
        at,
      })
      await writeLog(tx, {
        kind: 'user_create',
        actor: account.actor,
        namespaceId: id,
        metadata: {
          username,
          email: kept,
          ...(account.madeBy === undefined ? {} : { superuser: account.madeBy }),
        },
        at,
      })
      const user = (await findUserById(tx, id))!
      await account.after?.(tx, user)
      return user
    }),
    'The username already exists',
  )
}

async function claim(
  tx: Tx,
  config: AccountDeps['config'],
  { account, email }: { account: Account; email: string },
): Promise<string | null> {
  if (account.claim) return account.claim(tx, email)
  await claimEmail(tx, config, { email, kind: 'user' })
  return email
}

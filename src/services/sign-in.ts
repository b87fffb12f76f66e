import { checkCredentials } from '#credentials/check-credentials.ts'
import { RegistryError } from '#domain/errors.ts'
import type { Actor } from '#domain/principal.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { endSessions, findUserByLogin, type User } from '#store/user.ts'
import type { Deps } from '#deps.ts'

/** Name (or e-mail) and password as they were given, and by whom. */
export interface GivenPassword {
  login: string
  password: string
  actor: Actor
}

/** Does what `confirmPassword` does, and writes `login_success` where the configuration asks for it. */
export async function signIn(deps: Deps, given: GivenPassword): Promise<User> {
  const user = await confirmPassword(deps, given)
  await transact(deps.db, (tx) => logSignIn(deps, tx, { user, actor: given.actor }))
  return user
}

/**
 * Checks user name and password; a failure is written (`login_failure`) where the configuration asks for it. Throws
 * `unauthorized` or `too_many_attempts`.
 */
export async function confirmPassword(deps: Deps, given: GivenPassword): Promise<User> {
  const { db, clock, config } = deps
  try {
    return await checkCredentials({ db, clock }, given)
  } catch (error) {
    // Who is kept waiting fails no password, and could fill the log.
    if (isWrong(error) && config.ACTION_LOG_AUDIT_LOGIN_FAILURES)
      await logFailure(deps, given, {
        ...signInMetadata(given.actor),
        kind: 'user',
        username: given.login,
        message: error.message,
      })
    throw error
  }
}

function isWrong(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.code === 'unauthorized'
}

/** Writes `login_success` where the configuration asks for it. */
export async function logSignIn(
  { clock, config }: Pick<Deps, 'clock' | 'config'>,
  tx: Tx,
  { user, actor }: { user: User; actor: Actor },
): Promise<void> {
  if (!config.ACTION_LOG_AUDIT_LOGINS) return
  await writeLog(tx, {
    kind: 'login_success',
    actor,
    namespaceId: user.id,
    metadata: signInMetadata(actor),
    at: clock.now(),
  })
}

const signInMetadata = ({ userAgent }: Actor) => ({ type: 'quayauth', useragent: userAgent })

async function logFailure(
  { db, clock }: Deps,
  given: { login: string; actor: Actor },
  metadata: Record<string, unknown>,
): Promise<void> {
  const user = await findUserByLogin(db, given.login)
  await transact(db, (tx) =>
    writeLog(tx, {
      kind: 'login_failure',
      actor: given.actor,
      namespaceId: user?.id ?? null,
      metadata,
      at: clock.now(),
    }),
  )
}

/** Ends every browser session of a user. The audit row (`logout_success`) is written in the same transaction. */
export async function signOut({ db, clock }: Deps, actor: Actor): Promise<void> {
  if (actor.kind === 'anonymous') return
  await transact(db, async (tx) => {
    await endSessions(tx, actor.id)
    await writeLog(tx, {
      kind: 'logout_success',
      actor,
      namespaceId: actor.id,
      metadata: {},
      at: clock.now(),
    })
  })
}

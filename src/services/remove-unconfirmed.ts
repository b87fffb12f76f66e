import type { Actor } from '#domain/principal.ts'
import { transact } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import {
  isUnconfirmed,
  listUnconfirmedAccounts,
  lockIdleAccount,
  type UnconfirmedAccount,
} from '#store/unconfirmed-account.ts'
import type { Deps } from '#deps.ts'
import { deleteNamespace } from './delete-namespace.ts'
import { pages } from './pages.ts'

type UnconfirmedDeps = Pick<Deps, 'db' | 'clock' | 'config'>

/** How long an account waits for its owner; the code in the first mail works no longer. */
const waitMs = 7 * 86_400_000

/** Who acts when the clean-up does. */
const cleaner: Actor = {
  kind: 'anonymous',
  credential: { kind: 'none' },
  address: 'clean-up',
  userAgent: 'portolan',
}

/** Accounts that nobody has confirmed in time; none where no mail is sent, for nobody could. */
export async function* unconfirmedAccounts({
  db,
  clock,
  config,
}: UnconfirmedDeps): AsyncGenerator<UnconfirmedAccount> {
  if (!config.FEATURE_MAILING) return
  const before = new Date(clock.now().getTime() - waitMs)
  yield* pages<UnconfirmedAccount>((last, limit) =>
    listUnconfirmedAccounts(db, { before, afterId: last?.id ?? 0, limit }),
  )
}

/**
 * Deletes an account that nobody has confirmed in time; false when somebody is at it, or it is confirmed or in use by
 * now. The audit row (`user_delete`) is written in the same transaction.
 */
export async function removeUnconfirmed(
  { db, clock }: UnconfirmedDeps,
  { id: namespaceId, name: username }: UnconfirmedAccount,
): Promise<boolean> {
  const at = clock.now()
  const before = new Date(at.getTime() - waitMs)
  return transact(db, async (tx) => {
    if (!(await lockIdleAccount(tx, namespaceId))) return false
    // A statement of its own: it sees what those have done who held the account before.
    if (!(await isUnconfirmed(tx, { id: namespaceId, before }))) return false
    const entry = { kind: 'user_delete', actor: cleaner, namespaceId, at } as const
    await writeLog(tx, { ...entry, metadata: { username } })
    await deleteNamespace(tx, { namespaceId, at })
    return true
  })
}

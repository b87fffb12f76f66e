import { deleteAppTokensExpiredBefore } from '#store/app-token.ts'
import { removeOutdatedKeys } from '#store/service-key.ts'
import type { Deps } from '#deps.ts'

/** Removes keys of other services that nobody has approved in time, and keys and app tokens that expired long ago. */
export async function cleanUpCredentials({
  db,
  clock,
  config,
}: Pick<Deps, 'db' | 'clock' | 'config'>): Promise<void> {
  const now = clock.now().getTime()
  const before = (seconds: number) => new Date(now - seconds * 1000)
  await removeOutdatedKeys(db, {
    submittedBefore: before(config.UNAPPROVED_SERVICE_KEY_TTL_SEC),
    expiredBefore: before(config.EXPIRED_SERVICE_KEY_TTL_SEC),
  })
  await deleteAppTokensExpiredBefore(db, before(config.EXPIRED_APP_SPECIFIC_TOKEN_GC))
}

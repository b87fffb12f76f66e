import { removeOutdatedKeys } from '#store/service-key.ts'
import type { Deps } from '#deps.ts'

/** Removes keys of other services that nobody has approved in time, and those that expired long ago. */
export async function cleanUpKeys({ db, clock, config }: Pick<Deps, 'db' | 'clock' | 'config'>) {
  const now = clock.now().getTime()
  await removeOutdatedKeys(db, {
    submittedBefore: new Date(now - config.UNAPPROVED_SERVICE_KEY_TTL_SEC * 1000),
    expiredBefore: new Date(now - config.EXPIRED_SERVICE_KEY_TTL_SEC * 1000),
  })
}

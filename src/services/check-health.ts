import { ping } from '#store/db.ts'
import { anyUserExists } from '#store/user.ts'
import type { Deps } from '#deps.ts'

/** What this process needs of its own: it answers, and it can sign tokens. */
export async function checkInstance({ keys, log }: Deps): Promise<Record<string, boolean>> {
  return { web: true, registry: true, service_key: await works(keys.signer(), log, 'service_key') }
}

/** The way to the end: database, storage, and the accounts that people sign in with. */
export async function checkEndToEnd({ db, blobs, log }: Deps): Promise<Record<string, boolean>> {
  const [database, storage, auth] = await Promise.all([
    works(ping(db), log, 'database'),
    works(blobs.checkHealth(), log, 'storage'),
    works(anyUserExists(db), log, 'auth'),
  ])
  return { database, storage, auth }
}

async function works(attempt: Promise<unknown>, log: Deps['log'], part: string): Promise<boolean> {
  try {
    await attempt
    return true
  } catch (error) {
    log.error({ err: error, part }, 'a health check failed')
    return false
  }
}

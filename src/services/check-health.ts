import { ping } from '#store/db.ts'
import { anyUserExists } from '#store/user.ts'
import type { BlobDriver } from '#storage/driver.ts'
import type { Deps } from '#deps.ts'

/** What this process needs of its own: it answers, and it can sign tokens. */
export async function checkInstance({ keys, log }: Deps): Promise<Record<string, boolean>> {
  return { web: true, registry: true, service_key: await works(keys.signer(), log, 'service_key') }
}

/** The way to the end: database, storage, and the accounts that people sign in with. */
export async function checkEndToEnd({ db, blobs, log }: Deps): Promise<Record<string, boolean>> {
  const [database, storage, auth] = await Promise.all([
    works(ping(db), log, 'database'),
    works(probeStorage(blobs), log, 'storage'),
    works(anyUserExists(db), log, 'auth'),
  ])
  return { database, storage, auth }
}

const probes = new WeakMap<BlobDriver, Promise<void>>()

/** Anybody may ask, and each probe writes and syncs: who asks while one is under way has its answer. */
function probeStorage(blobs: BlobDriver): Promise<void> {
  const running = probes.get(blobs)
  if (running) return running
  const begun = blobs.checkHealth().finally(() => probes.delete(blobs))
  probes.set(blobs, begun)
  return begun
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

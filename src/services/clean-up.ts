import { deleteExpiredRefreshTokens } from '#store/refresh-token.ts'
import { deleteExpiredSessions } from '#store/session.ts'
import { deleteUpload, listExpiredUploads } from '#store/upload.ts'
import type { Deps } from '#deps.ts'
import { storageKey } from './upload-lease.ts'

const batch = 100

/** Removes what has run out: uploads with their bytes, sessions, refresh tokens. */
export async function cleanUp(deps: Deps): Promise<void> {
  const { db, blobs, clock, log } = deps
  const at = clock.now()
  for (;;) {
    const expired = await listExpiredUploads(db, { at, limit: batch })
    for (const upload of expired) {
      await deleteUpload(db, upload.id)
      await blobs.removeUpload(storageKey(upload))
    }
    if (expired.length > 0) log.info({ uploads: expired.length }, 'expired uploads were removed')
    if (expired.length < batch) break
  }
  await deleteExpiredSessions(db, at)
  await deleteExpiredRefreshTokens(db, at)
}

import { setTimeout as sleep } from 'node:timers/promises'

import { isUploadUntouched, listIdleUploads } from '#store/check.ts'
import { firstUploadId, listUploadsOf, type Upload } from '#store/upload.ts'
import type { StoredUpload } from '#storage/driver.ts'
import type { CheckDeps, CheckOptions } from './check-storage.ts'
import { pages } from './pages.ts'
import { findUploadBytes } from './upload-lease.ts'

const pageSize = 500
/** Rows go before bytes: so long after the row the bytes of an upload may still be there. */
const removalMs = 1_000

/** Checks that the bytes of every upload have a row, and that every upload has the bytes that were acknowledged. */
export async function* checkUploads(
  deps: CheckDeps,
  options: CheckOptions,
): AsyncGenerator<string> {
  for await (const found of listLeftovers(deps)) {
    if (!options.isAlone) await sleep(removalMs)
    for (const { id } of found) {
      const sizeBytes = await deps.blobs.findUploadSize(id)
      if (sizeBytes !== undefined)
        yield `orphaned bytes: no row names upload ${id} (${sizeBytes} bytes)`
    }
  }
  for await (const upload of idleUploads(deps, options)) {
    if (await hasLostBytes(deps, options, upload))
      yield `missing bytes: upload ${upload.id} has fewer than the ${upload.offsetBytes} bytes that it was told to have`
  }
}

/**
 * Bytes of uploads that are over, page by page. A row exists before its bytes, so bytes without a row are nobody's for
 * good; only their removal may be under way.
 */
export async function* listLeftovers({ db, blobs }: CheckDeps): AsyncGenerator<StoredUpload[]> {
  let page: StoredUpload[] = []
  for await (const upload of blobs.listUploads()) {
    page.push(upload)
    if (page.length < pageSize) continue
    yield await leftoversOf(page)
    page = []
  }
  yield await leftoversOf(page)

  async function leftoversOf(stored: StoredUpload[]): Promise<StoredUpload[]> {
    const rows = await listUploadsOf(
      db,
      stored.map(({ id }) => id.slice(0, uuidLength)),
    )
    return stored.filter(({ id }) => !rows.has(id.slice(0, uuidLength)))
  }
}

const uuidLength = 36

function idleUploads({ db }: CheckDeps, options: CheckOptions): AsyncGenerator<Upload> {
  return pages<Upload>((last, limit) =>
    listIdleUploads(db, { after: last?.id ?? firstUploadId, at: options.at(), limit }),
  )
}

/** Only for an upload that nobody has touched between two looks. */
async function hasLostBytes(
  { db, blobs }: CheckDeps,
  options: CheckOptions,
  upload: Upload,
): Promise<boolean> {
  if ((await findUploadBytes(blobs, upload)) !== undefined) return false
  return isUploadUntouched(db, upload, options.at())
}

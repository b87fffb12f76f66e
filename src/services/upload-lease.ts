import { randomUUID } from 'node:crypto'

import { RegistryError } from '#domain/errors.ts'
import { leaseUpload, prolongUploadLease, releaseUpload, type Upload } from '#store/upload.ts'
import type { Deps } from '#deps.ts'

const leaseMs = 60_000

/** The right to write to an upload, held by one request. */
export interface HeldUpload {
  upload: Upload
  /** The upload's id in the storage. */
  key: string
  token: string
  /** Throws when the lease was lost: another request writes now. */
  demandHeld(): void
  /** Gives the lease back and says how many bytes are kept. */
  release(offsetBytes: number): Promise<void>
  /** Ends the renewal; for uploads that are finished or removed. */
  end(): void
}

/** Id of an upload in the storage: a writer that takes over goes on in a copy of its own. */
export function storageKey(upload: { id: string; generation: number }): string {
  return `${upload.id}-${upload.generation}`
}

/**
 * Leases an upload to this request and renews the lease while it works. Throws `blob_upload_unknown`, or
 * `blob_upload_busy` while another request writes.
 */
export async function holdUpload(
  { db, clock, config, blobs, log }: Deps,
  wanted: { id: string; repositoryId: number },
): Promise<HeldUpload> {
  const at = clock.now()
  const token = randomUUID()
  const lease = await leaseUpload(db, {
    ...wanted,
    token,
    at,
    until: new Date(at.getTime() + leaseMs),
    expiresAt: new Date(at.getTime() + config.UPLOAD_EXPIRATION * 1000),
  })
  if (lease.outcome === 'unknown') throw unknownUpload()
  if (lease.outcome !== 'leased')
    throw new RegistryError(
      'blob_upload_busy',
      'another request is writing to this upload: wait for it, or ask for the upload’s status',
    )
  const { upload } = lease
  const key = storageKey(upload)
  if (lease.takenOver) await copyForTakeover()

  let lost = false
  const timer = setInterval(() => {
    prolongUploadLease(db, {
      id: upload.id,
      token,
      until: new Date(clock.now().getTime() + leaseMs),
    })
      .then((held) => {
        lost ||= !held
      })
      .catch((error: unknown) =>
        log.warn({ err: error }, 'the lease of an upload could not be renewed'),
      )
  }, leaseMs / 3)
  timer.unref()
  return {
    upload,
    key,
    token,
    demandHeld() {
      if (lost)
        throw new RegistryError('blob_upload_busy', 'another request has taken this upload over')
    },
    async release(offsetBytes) {
      clearInterval(timer)
      if (!(await releaseUpload(db, { id: upload.id, token, offsetBytes })))
        throw new RegistryError('blob_upload_busy', 'another request has taken this upload over')
    },
    end: () => clearInterval(timer),
  }

  async function copyForTakeover(): Promise<void> {
    const former = storageKey({ id: upload.id, generation: upload.generation - 1 })
    if (upload.offsetBytes > 0) await blobs.copyUpload(former, key, upload.offsetBytes)
    await blobs.removeUpload(former)
  }
}

/** The refusal of an upload that is not there. */
export function unknownUpload(): RegistryError {
  return new RegistryError(
    'blob_upload_unknown',
    'there is no such upload: it was finished, cancelled or has expired',
  )
}

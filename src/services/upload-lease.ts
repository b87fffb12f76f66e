import { randomUUID } from 'node:crypto'

import type { Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import {
  expireUploadLease,
  leaseUpload,
  nameFinish,
  prolongUploadLease,
  releaseUpload,
} from '#store/upload-lease.ts'
import { findUpload, type Upload } from '#store/upload.ts'
import type { Deps } from '#deps.ts'
import { removeOrphan } from './remove-orphan.ts'

const leaseMs = 60_000

/** An upload of a repository. */
export interface UploadOf {
  id: string
  repositoryId: number
}

/** The right to write to an upload, held by one request. */
export interface HeldUpload {
  upload: Upload
  /** The upload's id in the storage. */
  key: string
  token: string
  /** Throws when the lease was lost: another request writes now. */
  demandHeld(): void
  /** Renews the lease now. Throws when it was lost. */
  confirm(): Promise<void>
  /** Gives the lease back and says how many bytes are kept. Throws when it was lost. */
  release(offsetBytes: number): Promise<void>
  /** The same after a failure that is being thrown: a lease that was lost, or is over with its upload, is no error. */
  giveUp(offsetBytes: number): Promise<void>
  /** Gives the lease back without bytes of its own, while another failure is thrown: the next writer takes over again. */
  handBack(): Promise<void>
  /** Ends the renewal; for uploads that are finished or removed. */
  end(): void
}

/** Id of an upload in the storage: a writer that takes over goes on in a copy of its own. */
export function storageKey(upload: { id: string; generation: number }): string {
  return `${upload.id}-${upload.generation}`
}

/** Finds an upload. Throws `blob_upload_unknown`. */
export async function getUpload({ db, clock }: Deps, wanted: UploadOf): Promise<Upload> {
  const upload = isUploadId(wanted.id)
    ? await findUpload(db, { ...wanted, at: clock.now() })
    : undefined
  if (!upload) throw unknownUpload()
  return upload
}

function isUploadId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}

/**
 * Leases an upload to this request and renews the lease while it works. Throws `blob_upload_unknown`, or
 * `blob_upload_busy` while another request writes. A request that will make it a blob says which: from then on
 * nobody removes bytes of that digest.
 */
export async function holdUpload(
  deps: Deps,
  wanted: UploadOf,
  finishingDigest: Digest | null = null,
): Promise<HeldUpload> {
  if (!isUploadId(wanted.id)) throw unknownUpload()
  const { db, clock, config } = deps
  const at = clock.now()
  const token = randomUUID()
  const lease = await leaseUpload(db, {
    ...wanted,
    token,
    at,
    until: new Date(at.getTime() + leaseMs),
    expiresAt: new Date(at.getTime() + config.UPLOAD_EXPIRATION * 1000),
    finishingDigest,
  })
  if (lease.outcome === 'unknown') throw unknownUpload()
  if (lease.outcome !== 'leased')
    throw new RegistryError(
      'blob_upload_busy',
      'another request is writing to this upload: wait for it, or ask for the upload’s status',
    )
  // Renewed from here on: a copy may take longer than a lease.
  const held = keepLease(deps, lease.upload, token)
  try {
    if (lease.takenOver) await copyForTakeover(deps.blobs, held)
    return finishingDigest ? await beginFinish(deps, held, finishingDigest) : held
  } catch (error) {
    await held.handBack()
    throw error
  }
}

/** An upload remembers one digest: what a finish under another one has left is cleared away before it is forgotten. */
async function beginFinish(deps: Deps, held: HeldUpload, digest: Digest): Promise<HeldUpload> {
  const { id, finishingDigest: former } = held.upload
  if (former === digest) return held
  if (former) await removeOrphan(deps, former, held.token)
  if (!(await nameFinish(deps.db, { id, token: held.token, digest }))) throw takenOver()
  return { ...held, upload: { ...held.upload, finishingDigest: digest } }
}

/**
 * The former writer may still be at work on its file; nothing that it writes from now on counts. Throws
 * `blob_upload_unknown` when the bytes went with it.
 */
async function copyForTakeover(blobs: Deps['blobs'], held: HeldUpload): Promise<void> {
  const { upload } = held
  const [own, ...former] = storageKeys(upload)
  if (upload.offsetBytes > 0) {
    const source = await findUploadBytes(blobs, upload)
    if (source === undefined) throw unknownUpload()
    if (source !== own) await blobs.copyUpload(source, own!, upload.offsetBytes)
  }
  // Whoever has taken over from us meanwhile may be copying from one of them.
  await held.confirm()
  for (const key of former) await blobs.removeUpload(key)
}

/** The ids under which the bytes of an upload may lie: its own, and those of writers that it was taken over from. */
export function storageKeys({ id, generation }: Upload): string[] {
  return Array.from({ length: generation + 1 }, (_, age) =>
    storageKey({ id, generation: generation - age }),
  )
}

/** Under which of its ids the storage has all bytes that an upload was told to have; a takeover may have been cut short. */
export async function findUploadBytes(
  blobs: Deps['blobs'],
  upload: Upload,
): Promise<string | undefined> {
  if (upload.offsetBytes === 0) return storageKey(upload)
  for (const key of storageKeys(upload))
    if (((await blobs.findUploadSize(key)) ?? -1) >= upload.offsetBytes) return key
  return undefined
}

function keepLease(deps: Deps, upload: Upload, token: string): HeldUpload {
  const { db, clock, config, log } = deps
  const { id } = upload
  // A transfer may take longer than an upload is kept; its time counts from its end.
  const release = (offsetBytes: number) => {
    const expiresAt = new Date(clock.now().getTime() + config.UPLOAD_EXPIRATION * 1000)
    return releaseUpload(db, { id, token, offsetBytes, expiresAt })
  }
  const warn = (error: unknown) =>
    log.warn({ err: error }, 'the lease of an upload could not be given back; it runs out')
  const renewal = startRenewal(deps, { id, token })
  return {
    ...renewal,
    upload,
    key: storageKey(upload),
    token,
    async release(offsetBytes) {
      renewal.end()
      if (!(await release(offsetBytes))) throw takenOver()
    },
    async giveUp(offsetBytes) {
      renewal.end()
      await release(offsetBytes).catch(warn)
    },
    async handBack() {
      renewal.end()
      await expireUploadLease(db, { id, token }).catch(warn)
    },
  }
}

/** Renews a lease three times in its time until it is ended, and knows when it was lost. */
function startRenewal({ db, clock, log }: Deps, lease: { id: string; token: string }) {
  let isLost = false
  const renew = async () => {
    const until = new Date(clock.now().getTime() + leaseMs)
    isLost ||= !(await prolongUploadLease(db, { ...lease, until }))
  }
  const warn = (error: unknown) =>
    log.warn({ err: error }, 'the lease of an upload could not be renewed')
  const timer = setInterval(() => void renew().catch(warn), leaseMs / 3)
  timer.unref()
  const demandHeld = () => {
    if (isLost) throw takenOver()
  }
  return {
    demandHeld,
    async confirm() {
      await renew()
      demandHeld()
    },
    end: () => clearInterval(timer),
  }
}

/** The refusal of a writer that has lost its lease. */
export function takenOver(): RegistryError {
  return new RegistryError('blob_upload_busy', 'another request has taken this upload over')
}

function unknownUpload(): RegistryError {
  return new RegistryError(
    'blob_upload_unknown',
    'there is no such upload: it was finished, cancelled or has expired',
  )
}

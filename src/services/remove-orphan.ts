import { setTimeout as sleep } from 'node:timers/promises'

import type { Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import {
  deleteRemoval,
  flagOrphan,
  isBeingRemoved,
  takeStalledRemoval,
  type Removal,
} from '#store/blob-removal.ts'
import { isPushUnderWay } from '#store/upload-lease.ts'
import type { Deps } from '#deps.ts'

/** What removals work with. */
export type RemovalDeps = Pick<Deps, 'db' | 'blobs' | 'clock'>

/** A removal that has not ended by then was left by a process that died. */
const stalledMs = 3_600_000
/** How long a push waits for a removal of the same digest; it takes as long as unlinking a file. */
const waitMs = 10_000

/**
 * Removes the bytes of a digest that no row names and nobody is pushing. Safe beside pushes of the same digest:
 * they wait for it, or it lets go (ADR 0018). True when bytes were removed. `exceptToken` is the lease of a push that
 * clears away after itself.
 */
export async function removeOrphan(
  deps: RemovalDeps,
  digest: Digest,
  exceptToken: string | null = null,
): Promise<boolean> {
  const sizeBytes = await deps.blobs.findBlobSize(digest)
  if (sizeBytes === undefined) return false
  const removal = await flagOrphan(deps.db, { digest, sizeBytes, at: deps.clock.now() })
  return removal !== undefined && carryOut(deps, removal, exceptToken)
}

async function carryOut(
  { db, blobs, clock }: RemovalDeps,
  removal: Removal,
  exceptToken: string | null,
): Promise<boolean> {
  const { digest } = removal
  const isNeeded = await isPushUnderWay(db, { digest, at: clock.now(), exceptToken })
  try {
    if (!isNeeded) await blobs.removeBlob(digest)
  } finally {
    // The unlinking is over, whatever came of it: pushes of the digest need not wait for it.
    await deleteRemoval(db, removal)
  }
  return !isNeeded
}

/** Ends what removals were left half done, and gives their number. */
export async function endStalledRemovals(deps: RemovalDeps): Promise<number> {
  for (let count = 0; ; count += 1) {
    const at = deps.clock.now()
    const before = new Date(at.getTime() - stalledMs)
    const removal = await takeStalledRemoval(deps.db, { before, at })
    if (!removal) return count
    await carryOut(deps, removal, null)
  }
}

/**
 * Waits until nobody removes the bytes of a digest. The caller has said before, in a committed row, that it is about
 * to put them there. Throws `unavailable` when it takes too long.
 */
export async function awaitRemoval({ db }: RemovalDeps, digest: Digest): Promise<void> {
  const giveUpAt = Date.now() + waitMs
  while (await isBeingRemoved(db, digest)) {
    if (Date.now() > giveUpAt)
      throw new RegistryError(
        'unavailable',
        `old bytes of ${digest} are being removed: push it again in a minute`,
        { headers: { 'Retry-After': '30' } },
      )
    await sleep(20)
  }
}

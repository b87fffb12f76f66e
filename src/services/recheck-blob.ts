import { LRUCache } from 'lru-cache'

import type { Digest } from '#domain/digest.ts'
import { markDamage } from '#store/blob.ts'
import { findBlobRow } from '#store/check.ts'
import type { Deps } from '#deps.ts'
import { hashBlob } from './hash-blob.ts'

type RecheckDeps = Pick<Deps, 'db' | 'blobs' | 'clock' | 'log'>

/** What changed: `marked` as damaged, or `cleared` of it. A push or removal meanwhile changes nothing here. */
export type Verdict = 'marked' | 'cleared' | 'unchanged'

/** Has a blob looked at again after a reader had reason to doubt its bytes. It never rejects. */
export type RecheckBlob = (digest: Digest, version: string) => Promise<void>

/**
 * Reads the bytes of doubted blobs again and writes down what they are: damaged ones count as absent, so that clients
 * push them again, and good ones (a volume that was not mounted, a file that was restored) count again. A push of the
 * same digest meanwhile has the last word. Bytes that cannot be read say nothing. Bytes of one version are read again
 * once a minute at most, when they are doubted again. `onVerdict` hears of each look once.
 */
export function openBlobRecheck(
  deps: RecheckDeps,
  onVerdict: (verdict: Verdict) => void,
): RecheckBlob {
  /** Under way or looked at lately: clients that insist must not make us read a large blob without end. */
  const recent = new LRUCache<string, Promise<void>>({ max: 1_000, ttl: 60_000 })
  return (digest, version) => {
    const key = `${digest} ${version}`
    const known = recent.get(key)
    if (known) return known
    const looking = recheck(deps, digest).then(onVerdict, (error: unknown) =>
      deps.log.warn({ err: error, digest }, 'a blob could not be looked at again'),
    )
    recent.set(key, looking)
    return looking
  }
}

async function recheck({ db, blobs, clock, log }: RecheckDeps, digest: Digest): Promise<Verdict> {
  const row = await findBlobRow(db, digest)
  if (!row || row.removingSince !== null) return 'unchanged'
  const found = await hashBlob(blobs, digest)
  // A storage that does not work says nothing about its blobs.
  if (!found) await blobs.checkHealth()
  const isGood = found?.digest === digest && found.sizeBytes === row.sizeBytes
  if (isGood === (row.damagedAt === null)) return 'unchanged'
  const { id, generation } = row
  if (!(await markDamage(db, { id, generation, at: isGood ? null : clock.now() })))
    return 'unchanged'
  const facts = { digest, expectedBytes: row.sizeBytes, found: found ?? 'no bytes' }
  if (isGood) log.warn(facts, 'a blob that counted as damaged has good bytes: it is served again')
  else
    log.error(
      facts,
      'the bytes of a blob are damaged: nobody gets them until they are pushed again',
    )
  return isGood ? 'cleared' : 'marked'
}

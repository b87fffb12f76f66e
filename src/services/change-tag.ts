import { epochSeconds } from '#domain/date.ts'
import { isDigest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import { isTagName } from '#domain/name.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import { transact, type Tx } from '#store/db.ts'
import { reviveManifest } from '#store/manifest.ts'
import { findLiveTag, forgetTag, lockTag, setTagExpiry } from '#store/tag.ts'
import type { Deps } from '#deps.ts'
import { demandRepository } from './demand-repository.ts'
import { logTag, type TagOf } from './log-tag.ts'
import { pointTag } from './point-tag.ts'

/** What is wanted of a tag; absent fields act on nothing. */
export interface TagChange {
  /** Seconds since 1970, or null for never. */
  expiration?: number | null
  manifestDigest?: string
}

/**
 * Sets the expiration of a tag, moves it, or makes it: all that is asked or nothing, with audit rows in the
 * same transaction. Throws `invalid_request`, `not_found` or `tag_immutable`.
 */
export async function changeTag(deps: Deps, tag: TagOf, change: TagChange): Promise<void> {
  if (!isTagName(tag.name))
    throw new RegistryError('invalid_request', `Invalid tag name '${tag.name.slice(0, 140)}'`)
  await transact(deps.db, async (tx) => {
    await demandRepository(tx, tag.repository)
    const { manifestDigest: digest, expiration } = change
    // Manifests are locked before tags, everywhere: so nobody waits in a circle.
    const manifestId =
      digest === undefined ? undefined : await findForTag(tx, tag, digest, deps.clock.now())
    await lockTag(tx, { repositoryId: tag.repository.id, name: tag.name })
    // Moving begins a life without an expiry, so the expiry comes after it.
    if (manifestId !== undefined) await moveTag(tx, deps, tag, { id: manifestId, digest: digest! })
    if (expiration !== undefined) await setExpiration(tx, deps, tag, expiration)
  })
}

async function setExpiration(
  tx: Tx,
  { clock, config }: Deps,
  tag: TagOf,
  expiration: number | null,
): Promise<void> {
  const at = clock.now()
  const live = await findLiveTag(tx, { repositoryId: tag.repository.id, name: tag.name, at })
  if (!live) throw noTag(tag)
  if (live.isImmutable && expiration !== null)
    throw new RegistryError(
      'invalid_request',
      `Cannot set an expiration on immutable tag '${tag.name}'`,
    )
  if (expiration !== null && expiration * 1000 <= at.getTime())
    throw new RegistryError(
      'invalid_request',
      'expiration must be in the future, in seconds since 1970',
    )
  const expiresAt =
    expiration === null ? null : clampExpiry({ startedAt: live.startedAt, at, expiration }, config)
  if (expiresAt === null && live.expiresAt === null) return
  await setTagExpiry(tx, { id: live.id, expiresAt })
  await logTag(tx, tag, {
    kind: 'change_tag_expiration',
    metadata: {
      expiration_date: expiresAt === null ? null : expiresAt.getTime() / 1000,
      old_expiration_date: live.expiresAt?.getTime() ?? null,
    },
    at,
  })
}

/** Keeps the expiry at least the shortest life after the tag's start, at most the longest from now. */
function clampExpiry(
  tag: { startedAt: Date; at: Date; expiration: number },
  limits: { LABELED_EXPIRATION_MINIMUM: number; LABELED_EXPIRATION_MAXIMUM: number },
): Date {
  const earliest = epochSeconds(tag.startedAt) + limits.LABELED_EXPIRATION_MINIMUM
  const latest = epochSeconds(tag.at) + limits.LABELED_EXPIRATION_MAXIMUM
  return new Date(Math.min(Math.max(tag.expiration, earliest), latest) * 1000)
}

async function moveTag(
  tx: Tx,
  { clock }: Deps,
  tag: TagOf,
  manifest: { id: number; digest: string },
): Promise<void> {
  const at = clock.now()
  const before = await pointTag(tx, {
    repositoryId: tag.repository.id,
    name: tag.name,
    manifestId: manifest.id,
    at,
  })
  await logTag(tx, tag, {
    kind: before ? 'move_tag' : 'create_tag',
    metadata: {
      manifest_digest: manifest.digest,
      original_manifest_digest: before?.digest ?? null,
    },
    at,
  })
}

/** Finds a live manifest and locks its row. Throws `not_found`. */
async function findForTag(tx: Tx, tag: TagOf, digest: string, deletedAfter: Date): Promise<number> {
  const id = isDigest(digest)
    ? await reviveManifest(tx, { repositoryId: tag.repository.id, digest, deletedAfter })
    : undefined
  if (id !== undefined) return id
  throw new RegistryError('not_found', `no manifest ${digest} in ${tag.repository.fullName}`)
}

/**
 * Begins a new life of a tag at a manifest of its past, deleted ones too while the time machine holds them.
 * Throws `not_found` or `tag_immutable`. The audit row is `revert_tag`.
 */
export async function restoreTag({ db, clock }: Deps, tag: TagOf, digest: string): Promise<void> {
  const at = clock.now()
  await transact(db, async (tx) => {
    await demandRepository(tx, tag.repository)
    const manifestId = await findForTag(tx, tag, digest, restorableSince(tag.repository, at))
    await pointTag(tx, {
      repositoryId: tag.repository.id,
      name: tag.name,
      manifestId,
      at,
      isReversion: true,
    })
    await logTag(tx, tag, { kind: 'revert_tag', metadata: { manifest_digest: digest }, at })
  })
}

/** What ended before this can no longer be restored. */
export function restorableSince(repository: RepositoryTarget, at: Date): Date {
  return new Date(at.getTime() - repository.tagExpirationSeconds * 1000)
}

/**
 * Forgets the live tag, or its ended lives with one manifest: they cannot be restored. Throws `not_found`
 * when there is nothing to forget. The audit row is `permanently_delete_tag`.
 */
export async function forgetTagHistory(
  { db, clock }: Deps,
  tag: TagOf,
  lives: { digest: string | undefined; isAlive: boolean },
): Promise<void> {
  const at = clock.now()
  await transact(db, async (tx) => {
    await demandRepository(tx, tag.repository)
    await lockTag(tx, { repositoryId: tag.repository.id, name: tag.name })
    const forgotten = await forgetTag(tx, {
      repositoryId: tag.repository.id,
      name: tag.name,
      ...lives,
      at,
    })
    if (forgotten === 0) throw noTag(tag)
    await logTag(tx, tag, {
      kind: 'permanently_delete_tag',
      metadata: { manifest_digest: lives.digest ?? null },
      at,
    })
  })
}

function noTag(tag: TagOf): RegistryError {
  return new RegistryError('not_found', `no tag ${tag.name} in ${tag.repository.fullName}`)
}

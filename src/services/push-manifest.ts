import { algorithmOf, digestOf, type Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import { parseManifest, type Descriptor, type Manifest } from '#domain/manifest.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { NewRepositoryTarget, RepositoryTarget } from '#domain/target.ts'
import { holdBlobs } from '#store/blob.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLogs } from '#store/log.ts'
import { holdManifests, insertManifest, linkBlobs, linkChildren } from '#store/manifest.ts'
import type { Deps } from '#deps.ts'
import { ensureRepository, type HeldRepository } from './ensure-repository.ts'
import { pointTag } from './point-tag.ts'

/** A manifest as it was pushed: under tags, or under its own digest. */
export interface PushedManifest {
  target: RepositoryTarget | NewRepositoryTarget
  actor: KnownActor
  bytes: Uint8Array
  /** Media type of the request without parameters; empty when there was none. */
  contentType: string
  /** The digest that the client named, or undefined for a push by tag. */
  digest: Digest | undefined
  tags: readonly string[]
}

/**
 * Keeps a manifest and points its tags at it: one transaction, with an audit row for each tag. Throws
 * `manifest_invalid`, `unsupported_media_type`, `digest_invalid`, `manifest_blob_unknown` when the repository
 * lacks something that the manifest names, or `tag_immutable`.
 */
export async function pushManifest(
  deps: Deps,
  pushed: PushedManifest,
): Promise<{ digest: Digest; fullName: string; subjectDigest: Digest | null }> {
  const manifest = parseManifest(pushed.bytes, pushed.contentType)
  const digest = digestOf(pushed.bytes, pushed.digest ? algorithmOf(pushed.digest) : 'sha256')
  if (pushed.digest !== undefined && pushed.digest !== digest)
    throw new RegistryError(
      'digest_invalid',
      `the bytes sent have the digest ${digest}, not ${pushed.digest}`,
    )

  const at = deps.clock.now()
  return transact(deps.db, async (tx) => {
    const repository = await ensureRepository(tx, deps, pushed)
    const manifestId = await keepManifest(tx, deps, {
      repository,
      manifest,
      digest,
      bytes: pushed.bytes,
      at,
    })
    // Sorted, so that two pushes of the same tags never wait for each other.
    for (const name of pushed.tags.toSorted())
      await pointTag(tx, { repositoryId: repository.id, name, manifestId, at })
    await writePushLog(tx, { repository, manifest, digest, pushed, at })
    return { digest, fullName: repository.fullName, subjectDigest: manifest.subjectDigest }
  })
}

async function keepManifest(
  tx: Tx,
  { config }: Deps,
  kept: {
    repository: HeldRepository
    manifest: Manifest
    digest: Digest
    bytes: Uint8Array
    at: Date
  },
): Promise<number> {
  const { repository, manifest, digest, bytes, at } = kept
  const blobs = await holdBlobs(tx, {
    repositoryId: repository.id,
    digests: manifest.blobs.map((blob) => blob.digest),
  })
  if (!config.FEATURE_SPARSE_IMAGE)
    demandAll(manifest.blobs, (blob) => blobs.has(blob.digest), 'blob')
  demandSizes(manifest.blobs, blobs)
  const children = manifest.children.map((child) => child.digest)
  const present = await holdManifests(tx, { repositoryId: repository.id, digests: children })
  if (!config.FEATURE_SPARSE_INDEX)
    demandAll(manifest.children, (child) => present.has(child.digest), 'manifest')

  const manifestId = await insertManifest(tx, {
    ...manifest,
    repositoryId: repository.id,
    digest,
    content: bytes,
    at,
  })
  await linkBlobs(tx, { manifestId, blobIds: [...blobs.values()].map((blob) => blob.id) })
  await linkChildren(tx, { manifestId, repositoryId: repository.id, digests: children })
  return manifestId
}

function demandAll(
  named: readonly Descriptor[],
  isHere: (descriptor: Descriptor) => boolean,
  kind: 'blob' | 'manifest',
): void {
  const missing = named.filter((descriptor) => !isHere(descriptor)).map(({ digest }) => digest)
  if (missing.length === 0) return
  throw new RegistryError(
    'manifest_blob_unknown',
    `the repository lacks ${missing.length === 1 ? `the ${kind} ${missing[0]}` : `${missing.length} ${kind}s`} that the manifest names: push what it names first`,
    { extra: { missing: missing.slice(0, 20) } },
  )
}

function demandSizes(
  named: readonly Descriptor[],
  blobs: ReadonlyMap<string, { sizeBytes: number }>,
): void {
  for (const { digest, sizeBytes } of named) {
    const kept = blobs.get(digest)
    if (kept && kept.sizeBytes !== sizeBytes)
      throw new RegistryError(
        'manifest_invalid',
        `the manifest says that ${digest} has ${sizeBytes} bytes; it has ${kept.sizeBytes}`,
      )
  }
}

async function writePushLog(
  tx: Tx,
  push: {
    repository: HeldRepository
    manifest: Manifest
    digest: Digest
    pushed: PushedManifest
    at: Date
  },
): Promise<void> {
  const { repository, pushed } = push
  const { actor, target } = pushed
  const references =
    pushed.tags.length === 0
      ? [{ manifest_digest: push.digest }]
      : pushed.tags.map((tag) => ({ tag, manifest_digest: push.digest }))
  await writeLogs(
    tx,
    references.map((reference) => ({
      kind: 'push_repo' as const,
      actor,
      namespaceId: repository.namespaceId,
      repositoryId: repository.id,
      metadata: {
        ...reference,
        mediaType: push.manifest.mediaType,
        repo: target.name,
        namespace: target.fullName.slice(0, -target.name.length - 1),
        username: actor.username,
        'user-agent': actor.userAgent,
      },
      at: push.at,
    })),
  )
}

import { includesRole, repositoryRole } from '#domain/access.ts'
import { isDigest, type Digest } from '#domain/digest.ts'
import type { KnownActor } from '#domain/principal.ts'
import { grants, readName } from '#domain/scope.ts'
import type { NewRepositoryTarget, RepositoryTarget } from '#domain/target.ts'
import { findTarget } from '#store/access.ts'
import { mountBlob, renewBlobLease, type HeldBlob } from '#store/blob.ts'
import { transact } from '#store/db.ts'
import type { Deps } from '#deps.ts'
import { ensureRepository } from './ensure-repository.ts'
import { blobLeaseMs } from './upload-blob.ts'

/** A wish to use a blob of another repository. */
export interface Mount {
  target: RepositoryTarget | NewRepositoryTarget
  actor: KnownActor
  /** As the client sent it; one that is no digest mounts nothing. */
  digest: string
  from: string | undefined
  /** Host and port of this registry. */
  host: string
}

/**
 * Mounts a blob from a repository that the caller may read. Gives its digest, or undefined when there is
 * nothing to mount: the client then uploads, and learns nothing about the other repository.
 */
export async function tryMount(deps: Deps, mount: Mount): Promise<Digest | undefined> {
  const { digest, target, actor } = mount
  if (!isDigest(digest)) return undefined
  const fromRepositoryId = await findReadable(deps, mount)
  if (fromRepositoryId === undefined) return undefined
  const leasedUntil = new Date(deps.clock.now().getTime() + blobLeaseMs)
  const isMounted = await transact(deps.db, async (tx) => {
    const { id: repositoryId } = await ensureRepository(tx, deps, { target, actor })
    return mountBlob(tx, { fromRepositoryId, repositoryId, digest, leasedUntil })
  })
  return isMounted ? digest : undefined
}

/** The source repository, when it exists and both the caller and the caller's token may read it. */
async function findReadable(
  { db, config }: Deps,
  { actor, from, host }: Mount,
): Promise<number | undefined> {
  const registry = { host, libraryNamespace: config.LIBRARY_NAMESPACE }
  const name = from === undefined ? undefined : readName(from, registry)
  if (!name) return undefined
  const found = await findTarget(db, { ...name, userId: actor.id })
  if (!found?.repository || !found.namespace.isEnabled) return undefined
  if (found.repository.isPublic) return found.repository.id
  const { credential } = actor
  const tokenReads =
    credential.kind !== 'registry_token' ||
    grants(credential.access, { ...registry, name, action: 'pull' })
  const mayRead = includesRole(repositoryRole(actor, found, config), 'read')
  return tokenReads && mayRead ? found.repository.id : undefined
}

/**
 * Renews the lease of a blob that a client with the right to push has just found: it may leave its upload
 * out because of that. Half a lease is left when it is renewed, so it is rarely a write.
 */
export async function leaseFoundBlob(
  { db, clock }: Deps,
  { repository, blob }: { repository: RepositoryTarget; blob: HeldBlob },
): Promise<void> {
  if (!includesRole(repository.role, 'write')) return
  const now = clock.now().getTime()
  await renewBlobLease(db, {
    repositoryId: repository.id,
    blobId: blob.id,
    until: new Date(now + blobLeaseMs),
    whenBefore: new Date(now + blobLeaseMs / 2),
  })
}

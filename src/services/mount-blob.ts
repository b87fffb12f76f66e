import { includesRole, repositoryRole } from '#domain/access.ts'
import { isDigest, type Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import type { KnownActor } from '#domain/principal.ts'
import { readName } from '#domain/scope.ts'
import type { NewRepositoryTarget, RepositoryTarget } from '#domain/target.ts'
import { findTarget } from '#store/access.ts'
import { findBlob, mountBlob, renewBlobLease, type HeldBlob } from '#store/blob.ts'
import { transact } from '#store/db.ts'
import { findBlobHolder } from '#store/repository.ts'
import type { Deps } from '#deps.ts'
import { ensureRepository } from './ensure-repository.ts'
import { blobLeaseMs } from './upload-blob.ts'
import { visibilityOf } from './visibility.ts'

/** A wish to use a blob of another repository. */
export interface Mount {
  target: RepositoryTarget | NewRepositoryTarget
  actor: KnownActor
  /** As the client sent it, if it did; what is no digest mounts nothing. */
  digest: string | undefined
  from: string | undefined
  /** Host and port of this registry. */
  host: string
}

/** A repository that holds the blob, and that the caller may read. */
interface Source {
  id: number
  fullName: string
  /** The token covers it too, or it is public; otherwise a new token is asked for once. */
  isOpen: boolean
}

/**
 * Mounts a blob from a repository that both the caller and the caller's token may read: from the one that is
 * named, or from any. Gives its digest, or undefined when there is nothing to mount: the client then uploads,
 * and learns nothing about the other repository. Throws `unauthorized` with the scope to ask for when the
 * caller may read the source and the token was not asked for it.
 */
export async function tryMount(deps: Deps, mount: Mount): Promise<Digest | undefined> {
  const { digest, from, target, actor } = mount
  if (digest === undefined || !isDigest(digest)) return undefined
  const source =
    from === undefined
      ? await findAnySource(deps, { ...mount, digest })
      : await findNamedSource(deps, { ...mount, digest, from })
  if (!source) return undefined
  if (!source.isOpen) throw challengeFor(target.fullName, source.fullName)
  const leasedUntil = new Date(deps.clock.now().getTime() + blobLeaseMs)
  const isMounted = await transact(deps.db, async (tx) => {
    const { id: repositoryId } = await ensureRepository(tx, deps, { target, actor })
    return mountBlob(tx, { fromRepositoryId: source.id, repositoryId, digest, leasedUntil })
  })
  return isMounted ? digest : undefined
}

async function findNamedSource(
  { db, config }: Deps,
  { actor, from, host, digest }: Mount & { digest: Digest; from: string },
): Promise<Source | undefined> {
  const name = readName(from, { host, libraryNamespace: config.LIBRARY_NAMESPACE })
  if (!name) return undefined
  const found = await findTarget(db, { ...name, userId: actor.id })
  if (!found?.repository || !found.namespace.isEnabled) return undefined
  const { id, isPublic } = found.repository
  const { fullName } = name
  if (isPublic) return { id, fullName, isOpen: true }
  if (!includesRole(repositoryRole(actor, found, config), 'read')) return undefined
  const { covered, asked } = namesOf(actor, { host, libraryNamespace: config.LIBRARY_NAMESPACE })
  if (covered.includes(fullName)) return { id, fullName, isOpen: true }
  const isWorthAsking =
    !asked.includes(fullName) && (await findBlob(db, { repositoryId: id, digest }))
  return isWorthAsking ? { id, fullName, isOpen: false } : undefined
}

async function findAnySource(
  { db, config }: Deps,
  { actor, host, digest }: Mount & { digest: Digest },
): Promise<Source | undefined> {
  const { covered, asked } = namesOf(actor, { host, libraryNamespace: config.LIBRARY_NAMESPACE })
  const wanted = { ...visibilityOf(actor, config), includePublic: true, digest }
  const open = await findBlobHolder(db, { ...wanted, named: covered, except: [] })
  if (open) return { ...open, isOpen: true }
  const closed = await findBlobHolder(db, { ...wanted, named: undefined, except: asked })
  return closed && { ...closed, isOpen: false }
}

/** Full names of the repositories that the caller's token was asked for, and of those that it lets the caller pull from. */
function namesOf(
  { credential }: KnownActor,
  registry: { host: string; libraryNamespace: string },
): { asked: string[]; covered: string[] } {
  if (credential.kind !== 'registry_token') return { asked: [], covered: [] }
  const entries = credential.access.flatMap(({ type, name, actions }) => {
    const fullName = type === 'repository' ? readName(name, registry)?.fullName : undefined
    return fullName === undefined ? [] : [{ fullName, actions }]
  })
  return {
    asked: entries.map(({ fullName }) => fullName),
    covered: entries
      .filter(({ actions }) => actions.includes('pull') || actions.includes('*'))
      .map(({ fullName }) => fullName),
  }
}

/** Says no more than the caller may know: it is given only to those who may read the source. */
function challengeFor(fullName: string, from: string): RegistryError {
  return new RegistryError(
    'unauthorized',
    `the token does not cover ${from}, which holds the blob: get one that does, or upload the blob`,
    {
      challenge: {
        scope: `repository:${fullName}:pull,push repository:${from}:pull`,
        error: 'insufficient_scope',
      },
    },
  )
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

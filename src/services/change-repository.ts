import { addJob } from '#store/job.ts'
import { RegistryError } from '#domain/errors.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { NamespaceTarget, RepositoryState, RepositoryTarget } from '#domain/target.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import { markRepositoryForDeletion, updateRepository } from '#store/repository.ts'
import type { Deps } from '#deps.ts'
import { createRepository } from './ensure-repository.ts'

/** Makes a repository on demand. Throws `invalid_request` when the name is taken. */
export async function makeRepository(
  deps: Deps,
  wanted: {
    namespace: NamespaceTarget
    name: string
    isPublic: boolean
    description: string
    actor: KnownActor
  },
): Promise<void> {
  const { namespace, actor } = wanted
  const made = await transact(deps.db, (tx) =>
    createRepository(tx, deps, {
      ...wanted,
      namespaceId: namespace.id,
      namespaceName: namespace.name,
      isOwn: namespace.id === actor.id,
      at: deps.clock.now(),
    }),
  )
  if (made === undefined) throw new RegistryError('invalid_request', 'Repository already exists')
}

/** One change of a repository's settings. */
export type RepositoryChange =
  | { description: string }
  | { isPublic: boolean }
  | { state: RepositoryState }

/** Changes a setting of a repository, with its audit row in the same transaction. Throws `not_found`. */
export async function changeRepository(
  { db, clock }: Deps,
  {
    repository,
    change,
    actor,
  }: { repository: RepositoryTarget; change: RepositoryChange; actor: KnownActor },
): Promise<void> {
  await transact(db, async (tx) => {
    const columns = 'isPublic' in change ? { is_public: change.isPublic } : change
    if (!(await updateRepository(tx, repository.id, columns))) throw gone(repository)
    await log(tx, repository, actor, clock.now(), ...entryOf(change))
  })
}

function entryOf(change: RepositoryChange): [kind: LogKind, metadata: Record<string, unknown>] {
  if ('description' in change) return ['set_repo_description', { description: change.description }]
  if ('isPublic' in change)
    return ['change_repo_visibility', { visibility: change.isPublic ? 'public' : 'private' }]
  return ['change_repo_state', { state_changed: change.state }]
}

/**
 * Deletes a repository: it is out of sight and its name free at once; a job removes what it held. The audit
 * row (`delete_repo`) and the job are written in the same transaction. Throws `not_found`.
 */
export async function deleteRepository(
  { db, clock }: Deps,
  { repository, actor }: { repository: RepositoryTarget; actor: KnownActor },
): Promise<void> {
  await transact(db, async (tx) => {
    if (!(await markRepositoryForDeletion(tx, repository.id))) throw gone(repository)
    await log(tx, repository, actor, clock.now(), 'delete_repo', {})
    await addJob(tx, 'purge-repository', { repositoryId: repository.id })
  })
}

function gone(repository: RepositoryTarget): RegistryError {
  return new RegistryError('not_found', `no repository ${repository.fullName}`)
}

async function log(
  tx: Tx,
  repository: RepositoryTarget,
  actor: KnownActor,
  at: Date,
  kind: LogKind,
  metadata: Record<string, unknown>,
): Promise<void> {
  await writeLog(tx, {
    kind,
    actor,
    namespaceId: repository.namespace.id,
    // The entry of a deletion outlives the repository, so it does not point at it.
    ...(kind === 'delete_repo' ? {} : { repositoryId: repository.id }),
    metadata: { repo: repository.name, namespace: repository.namespace.name, ...metadata },
    at,
  })
}

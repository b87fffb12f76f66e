import { mayCreateRepository } from '#domain/access.ts'
import { includesRole, repositoryRole } from '#domain/access.ts'
import { RegistryError } from '#domain/errors.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { NewRepositoryTarget, RepositoryTarget } from '#domain/target.ts'
import { findTarget } from '#store/access.ts'
import type { Tx } from '#store/db.ts'
import { applyDefaultPermissions } from '#store/default-permission.ts'
import { writeLog } from '#store/log.ts'
import { holdNamespace } from '#store/namespace.ts'
import { grantRole, holdRepository, insertRepository } from '#store/repository.ts'
import type { Deps } from '#deps.ts'
import { addOrganization } from './create-organization.ts'

/** A repository that a push may write into, until its transaction ends. */
export interface HeldRepository {
  id: number
  namespaceId: number
  fullName: string
}

/**
 * Gives the repository of a push and keeps it from being deleted until the transaction ends; makes it, and
 * with CREATE_NAMESPACE_ON_PUSH its organization, when it is not there. Throws `name_unknown` when it was
 * deleted a moment ago.
 */
export async function ensureRepository(
  tx: Tx,
  deps: Deps,
  { target, actor }: { target: RepositoryTarget | NewRepositoryTarget; actor: KnownActor },
): Promise<HeldRepository> {
  if (target.kind === 'repository') {
    if (!(await holdRepository(tx, target.id))) throw goneError(target.fullName)
    return { id: target.id, namespaceId: target.namespace.id, fullName: target.fullName }
  }
  const at = deps.clock.now()
  const namespaceId =
    target.namespace?.id ??
    (await makeOrganization(tx, deps, { name: target.namespaceName, actor }))
  const made = await createRepository(tx, deps, {
    namespaceId,
    namespaceName: target.namespaceName,
    isOwn: namespaceId === actor.id,
    name: target.name,
    isPublic: !deps.config.CREATE_PRIVATE_REPO_ON_PUSH,
    description: null,
    actor,
    at,
  })
  if (made !== undefined) return { id: made, namespaceId, fullName: target.fullName }

  // Another push has made it meanwhile.
  const found = await findTarget(tx, {
    namespace: target.namespaceName,
    name: target.name,
    userId: actor.id,
  })
  if (!found?.repository || !(await holdRepository(tx, found.repository.id)))
    throw goneError(target.fullName)
  const mayWrite = includesRole(repositoryRole(actor, found, deps.config), 'write')
  if (!mayWrite || found.repository.state !== 'NORMAL')
    throw new RegistryError(
      'denied',
      `the repository ${target.fullName} was made by somebody else a moment ago`,
    )
  return { id: found.repository.id, namespaceId, fullName: target.fullName }
}

/** The organization of a push into a namespace that was not there (CREATE_NAMESPACE_ON_PUSH). */
async function makeOrganization(
  tx: Tx,
  { clock, config }: Deps,
  { name, actor }: { name: string; actor: KnownActor },
): Promise<number> {
  const made = await addOrganization(tx, { clock, config }, { name, email: null, actor })
  return made ?? joinNamespace(tx, { config }, { name, actor })
}

/** The name is taken: a namespace of the caller's own goes on, anybody else's and one that is being deleted do not. */
async function joinNamespace(
  tx: Tx,
  { config }: Pick<Deps, 'config'>,
  { name, actor }: { name: string; actor: KnownActor },
): Promise<number> {
  const found = await findTarget(tx, { namespace: name, name: '', userId: actor.id })
  if (found && mayCreateRepository(actor, found, config)) return found.namespace.id
  throw new RegistryError(
    'denied',
    `the namespace ${name} is somebody else's, or is still being deleted`,
  )
}

/** What clients of the registry protocol are told of a repository that was deleted under them. */
export function goneError(fullName: string): RegistryError {
  return new RegistryError('name_unknown', `the repository ${fullName} was deleted a moment ago`)
}

/**
 * Makes a repository; who makes one in another's namespace gets `admin` on it, and others what the default
 * permissions of the organization say. The audit row (`create_repo`) is written in the same transaction.
 * Undefined when the name is taken. Throws `denied` when the namespace was deleted, or the caller taken out of it, a
 * moment ago.
 */
export async function createRepository(
  tx: Tx,
  { config }: Pick<Deps, 'config'>,
  repository: {
    namespaceId: number
    namespaceName: string
    isOwn: boolean
    name: string
    isPublic: boolean
    description: string | null
    actor: KnownActor
    at: Date
  },
): Promise<number | undefined> {
  const { actor, at } = repository
  if (!(await holdNamespace(tx, repository.namespaceId)))
    throw new RegistryError(
      'denied',
      `the namespace ${repository.namespaceName} was deleted a moment ago`,
    )
  if (!repository.isOwn) await demandStillCreator(tx, config, repository)
  const id = await insertRepository(tx, repository)
  if (id === undefined) return undefined
  if (!repository.isOwn) {
    await grantRole(tx, { repositoryId: id, userId: actor.id, role: 'admin' })
    const { namespaceId } = repository
    await applyDefaultPermissions(tx, { id, namespaceId, creatorId: actor.id })
  }
  await writeLog(tx, {
    kind: 'create_repo',
    actor,
    namespaceId: repository.namespaceId,
    repositoryId: id,
    metadata: { repo: repository.name, namespace: repository.namespaceName },
    at,
  })
  return id
}

/**
 * Asked again under the lock that also who takes somebody out of an organization needs: the role on the new repository
 * would stay with who has just left.
 */
async function demandStillCreator(
  tx: Tx,
  config: Deps['config'],
  { namespaceId, namespaceName, actor }: Parameters<typeof createRepository>[2],
): Promise<void> {
  const found = await findTarget(tx, { namespace: namespaceName, name: '', userId: actor.id })
  const isSame = found?.namespace.id === namespaceId
  if (isSame && mayCreateRepository(actor, found, config)) return
  throw new RegistryError(
    'denied',
    `you may no longer create repositories in ${namespaceName}: somebody has changed that a moment ago`,
  )
}

import { RegistryError } from '#domain/errors.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { RepositoryRole, RepositoryTarget } from '#domain/target.ts'
import { holdAccount } from '#store/account.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import {
  deleteTeamGrant,
  deleteUserGrant,
  findUserGrant,
  grantTeamRole,
  type GrantsOf,
  type UserGrant,
} from '#store/permission.ts'
import { grantRole } from '#store/repository.ts'
import type { Deps } from '#deps.ts'
import { demandRepository } from './demand-repository.ts'
import { isFitting, unknownAccount } from './foreign-robot.ts'

/** Whose role on a repository changes, and who changes it. */
interface Change {
  repository: RepositoryTarget
  /** Name of the user, the robot or the team. */
  name: string
  actor: KnownActor
}

/**
 * Gives a user, or a robot of the repository's namespace, a role. Throws `invalid_request` for anybody else and
 * for the owner, `not_found` when the repository is gone. The audit row (`change_repo_permission`) is written in
 * the same transaction.
 */
export async function setUserPermission(
  { db, clock }: Deps,
  change: Change & { role: RepositoryRole },
): Promise<UserGrant> {
  const { repository, name, role } = change
  return transact(db, async (tx) => {
    const account = await holdAccount(tx, name)
    await demandRepository(tx, repository)
    if (account) refuseOwner(repository, name)
    if (!account || !isFitting(account, repository.namespace.id))
      throw unknownAccount(name, repository.namespace.name)
    await grantRole(tx, { repositoryId: repository.id, userId: account.id, role })
    await log(
      tx,
      change,
      'change_repo_permission',
      { username: name, ...place(repository), role },
      clock.now(),
    )
    return (await findUserGrant(tx, { ...grantsOf(repository), name }))!
  })
}

/**
 * Takes the role on a repository from a user or a robot. Throws `invalid_request` when there is none, and for
 * the owner. The audit row (`delete_repo_permission`) is written in the same transaction.
 */
export async function removeUserPermission({ db, clock }: Deps, change: Change): Promise<void> {
  const { repository, name } = change
  await transact(db, async (tx) => {
    await demandRepository(tx, repository)
    refuseOwner(repository, name)
    if (!(await deleteUserGrant(tx, { repositoryId: repository.id, name }))) throw noRole(change)
    await log(
      tx,
      change,
      'delete_repo_permission',
      { username: name, ...place(repository) },
      clock.now(),
    )
  })
}

/**
 * Gives a team of the organization that owns the repository a role. Throws `invalid_request` for any other team,
 * `not_found` when the repository is gone. The audit row is `change_repo_permission`.
 */
export async function setTeamPermission(
  { db, clock }: Deps,
  change: Change & { role: RepositoryRole },
): Promise<void> {
  const { repository, name, role } = change
  await transact(db, async (tx) => {
    await demandRepository(tx, repository)
    if (!(await grantTeamRole(tx, { ...grantsOf(repository), name, role })))
      throw refusal(`unknown team ${name} in ${repository.namespace.name}`)
    await log(
      tx,
      change,
      'change_repo_permission',
      { team: name, repo: repository.name, role },
      clock.now(),
    )
  })
}

/**
 * Takes the role on a repository from a team. Throws `invalid_request` when there is none. The audit row is
 * `delete_repo_permission`.
 */
export async function removeTeamPermission({ db, clock }: Deps, change: Change): Promise<void> {
  const { repository, name } = change
  await transact(db, async (tx) => {
    await demandRepository(tx, repository)
    if (!(await deleteTeamGrant(tx, { repositoryId: repository.id, name }))) throw noRole(change)
    await log(
      tx,
      change,
      'delete_repo_permission',
      { team: name, repo: repository.name },
      clock.now(),
    )
  })
}

/** What is refused where somebody has no role of their own. */
export function noRole({ repository, name }: Pick<Change, 'repository' | 'name'>): RegistryError {
  return refusal(`${name} was not given a role on ${repository.fullName}`)
}

/** The repository, as the queries for its roles name it. */
export function grantsOf({ id, namespace }: RepositoryTarget): GrantsOf {
  return { repositoryId: id, namespaceId: namespace.id }
}

const refusal = (message: string) => new RegistryError('invalid_request', message)

/** The owner has every right by owning, so a role would say less than is true. */
function refuseOwner({ namespace }: RepositoryTarget, name: string): void {
  if (name === namespace.name)
    throw refusal(`${name} owns the namespace: the owner's own permission cannot be set or removed`)
}

const place = ({ name, namespace }: RepositoryTarget) => ({ repo: name, namespace: namespace.name })

async function log(
  tx: Tx,
  { repository, actor }: Change,
  kind: LogKind,
  metadata: Record<string, unknown>,
  at: Date,
): Promise<void> {
  const { id: repositoryId, namespace } = repository
  await writeLog(tx, { kind, actor, namespaceId: namespace.id, repositoryId, metadata, at })
}

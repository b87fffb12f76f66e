import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import type { NamespaceTarget, RepositoryRole } from '#domain/target.ts'
import { holdAccount } from '#store/account.ts'
import { transact, type Tx } from '#store/db.ts'
import {
  deleteDefaultPermission,
  findDefaultPermission,
  setDefaultPermission,
  updateDefaultPermission,
  type DefaultPermission,
} from '#store/default-permission.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import { holdTeam } from '#store/team.ts'
import type { Deps } from '#deps.ts'
import { isFitting, unknownAccount } from './foreign-robot.ts'

/** Whose default permission changes, and who changes it. */
interface Change {
  organization: NamespaceTarget
  actor: UserActor
}

/** Which default permission. */
interface Named extends Change {
  uuid: string
}

/**
 * Adds a default permission; one for the same accounts gets its role. Throws `invalid_request` for accounts and
 * teams that are not there, and for robots of other namespaces. The audit row is `create_prototype_permission`.
 */
export async function addDefaultPermission(
  { db, clock }: Deps,
  wanted: Change & {
    activatingUser: string | undefined
    delegate: { name: string; kind: 'user' | 'team' }
    role: RepositoryRole
  },
): Promise<DefaultPermission> {
  const { organization, activatingUser, delegate, role } = wanted
  const namespaceId = organization.id
  return transact(db, async (tx) => {
    const activatingUserId =
      activatingUser === undefined ? null : await accountOf(tx, organization, activatingUser)
    const isTeam = delegate.kind === 'team'
    const delegateId = await (isTeam ? teamOf : accountOf)(tx, organization, delegate.name)
    const uuid = await setDefaultPermission(tx, {
      namespaceId,
      activatingUserId,
      delegateUserId: isTeam ? null : delegateId,
      delegateTeamId: isTeam ? delegateId : null,
      role,
    })
    const made = (await findDefaultPermission(tx, { namespaceId, uuid }))!
    await log(tx, wanted, made, { kind: 'create_prototype_permission', at: clock.now() })
    return made
  })
}

/** Sets the role of a default permission. Throws `not_found`. The audit row is `modify_prototype_permission`. */
export async function changeDefaultPermission(
  { db, clock }: Deps,
  change: Named & { role: RepositoryRole },
): Promise<DefaultPermission> {
  const wanted = { namespaceId: change.organization.id, uuid: change.uuid, role: change.role }
  return transact(db, async (tx) => {
    const found = await findDefaultPermission(tx, wanted)
    const originalRole = found && (await updateDefaultPermission(tx, wanted))
    if (!originalRole) throw gone(change.uuid)
    const changed = { ...found, role: change.role }
    const kind = 'modify_prototype_permission'
    await log(tx, change, changed, { kind, originalRole, at: clock.now() })
    return changed
  })
}

/** Removes a default permission. Throws `not_found`. The audit row is `delete_prototype_permission`. */
export async function removeDefaultPermission({ db, clock }: Deps, named: Named): Promise<void> {
  const wanted = { namespaceId: named.organization.id, uuid: named.uuid }
  await transact(db, async (tx) => {
    const found = await findDefaultPermission(tx, wanted)
    if (!found || !(await deleteDefaultPermission(tx, wanted))) throw gone(named.uuid)
    await log(tx, named, found, { kind: 'delete_prototype_permission', at: clock.now() })
  })
}

function gone(uuid: string): RegistryError {
  return new RegistryError('not_found', `no default permission ${uuid}`)
}

/** Id of a user, or of a robot of the organization; its row stays until the transaction ends. */
async function accountOf(tx: Tx, organization: NamespaceTarget, name: string): Promise<number> {
  const account = await holdAccount(tx, name)
  if (account && isFitting(account, organization.id)) return account.id
  throw unknownAccount(name, organization.name)
}

/** Id of a team of the organization; its row stays until the transaction ends. */
async function teamOf(tx: Tx, organization: NamespaceTarget, name: string): Promise<number> {
  const team = await holdTeam(tx, { namespaceId: organization.id, name })
  if (!team)
    throw new RegistryError('invalid_request', `unknown team ${name} in ${organization.name}`)
  return team.id
}

async function log(
  tx: Tx,
  { organization, actor }: Change,
  { uuid, role, activating_user, delegate_user, delegate_team }: DefaultPermission,
  entry: { kind: LogKind; originalRole?: RepositoryRole; at: Date },
): Promise<void> {
  await writeLog(tx, {
    kind: entry.kind,
    actor,
    namespaceId: organization.id,
    metadata: {
      prototypeid: uuid,
      username: actor.username,
      activating_username: activating_user?.name ?? null,
      role,
      ...(delegate_user ? { delegate_user: delegate_user.name } : { delegate_team }),
      ...(entry.originalRole ? { original_role: entry.originalRole } : {}),
    },
    at: entry.at,
  })
}

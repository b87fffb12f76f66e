import { permissions } from '#generated/permissions.ts'
import { actsAsSuperuser, ownAccountRole } from '#domain/access.ts'
import { RegistryError } from '#domain/errors.ts'
import { rights, type OperationPermission } from '#domain/permission.ts'
import type { Principal } from '#domain/principal.ts'
import type { Target } from '#domain/target.ts'
import type { OperationId } from '#operation.ts'
import { refuse } from './refusal.ts'
import { enterRepository } from './repository-gate.ts'
import type { SecurityDeps } from './scheme.ts'

/** A call at the gate: who asks, for which operation, with which path parameters (decoded, not yet validated). */
export interface Entry {
  operation: OperationPermission
  principal: Principal
  params: Readonly<Record<string, string>>
  /** Host and port under which the caller reaches the registry. */
  host: string
  /** v2: the repository that a blob is to be mounted from, as the client names it. */
  mountFrom?: string | undefined
}

/** The permission table by operationId. Throws at start when a document uses a word that the gate does not know. */
export function readPermissions(): Map<string, OperationPermission> {
  const table = Object.entries(permissions) as [OperationId, OperationPermission][]
  for (const [operationId, { permission }] of table)
    if (!rights.includes(permission.require))
      throw new Error(`${operationId} requires '${permission.require}', which is no right`)
  return new Map(table)
}

/** An operation whose features are not all on is not there, whoever asks. Throws `not_found`. */
export function demandFeatures(
  { features }: OperationPermission,
  { config }: Pick<SecurityDeps, 'config'>,
): void {
  for (const feature of features)
    if (!config[feature as keyof typeof config])
      throw new RegistryError('not_found', `this registry runs without ${feature}`)
}

/**
 * The one place that lets a call in or refuses it, before its body is read. Gives what the operation's right
 * has loaded. Throws 401 to those who could sign in, 403 to those who are known, and `not_found` only to
 * those who could see the thing; on `/v2` a uniform 401 challenge.
 */
export async function enter(entry: Entry, deps: SecurityDeps): Promise<Target> {
  const { principal } = entry
  const { permission } = entry.operation
  if (
    principal.kind === 'anonymous' &&
    !deps.config.FEATURE_ANONYMOUS_ACCESS &&
    !permission.servedWithoutAnonymousAccess
  )
    throw refuse(entry, 'Anonymous access is not allowed')

  switch (permission.require) {
    case 'anyone':
      return undefined
    case 'repo:read':
    case 'repo:write':
    case 'repo:admin':
      return enterRepository(entry, deps)
    case 'signed-in':
    case 'repo:create':
      return demand(entry, principal.kind === 'user')
    case 'user:read':
      return demand(entry, ownAccountRole(principal) !== undefined)
    case 'user:admin':
      demand(entry, ownAccountRole(principal) === 'admin')
      return demandFreshLogin(entry, deps)
    case 'superuser':
      demand(entry, actsAsSuperuser(principal) || readsAsSuperuser(entry))
      return demandFreshLogin(entry, deps)
    default:
      throw new Error(`no gate for ${permission.require}`)
  }
}

function demand(entry: Entry, holds: boolean): undefined {
  if (!holds) throw refuse(entry)
  return undefined
}

function readsAsSuperuser({ operation, principal }: Entry): boolean {
  return (
    operation.permission.globalReadonlySuperuser === true &&
    principal.kind === 'user' &&
    principal.standing.globalReadonlySuperuser
  )
}

/** Operations that could cost an account dear want a password that was typed a moment ago; tokens are exempt. */
function demandFreshLogin(
  { operation, principal }: Entry,
  { clock, config }: SecurityDeps,
): undefined {
  if (!operation.permission.freshLogin || principal.credential.kind !== 'session') return undefined
  const ageMs = clock.now().getTime() - principal.credential.signedInAt.getTime()
  if (ageMs > config.FRESH_LOGIN_TIMEOUT * 1000)
    throw new RegistryError('fresh_login_required', 'Requires fresh login')
  return undefined
}

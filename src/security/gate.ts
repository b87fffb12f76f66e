import { permissions } from '#generated/permissions.ts'
import { actsAsSuperuser, hasFullAccess, ownAccountRole, readsEverything } from '#domain/access.ts'
import { RegistryError } from '#domain/errors.ts'
import type { OperationPermission, Right } from '#domain/permission.ts'
import type { Principal } from '#domain/principal.ts'
import type { Target } from '#domain/target.ts'
import type { OperationId } from '#operation.ts'
import { enterOrganization } from './namespace-gate.ts'
import { refuse } from './refusal.ts'
import { enterRepository } from './repository-gate.ts'
import { enterServiceKey } from './service-key-gate.ts'
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

type Entrance = (entry: Entry, deps: SecurityDeps) => Promise<Target> | Target

/** How each right is decided: gives what it loads, or throws the refusal. */
const entrances: Record<Right, Entrance> = {
  anyone: () => undefined,
  'repo:read': enterRepository,
  'repo:write': enterRepository,
  'repo:admin': enterRepository,
  // The namespace is named by the body: `namespace-gate.ts` decides when that has been read.
  'repo:create': (entry) => demand(entry, entry.principal.kind === 'user'),
  'org:view': enterOrganization,
  'org:member': enterOrganization,
  'org:admin': enterOrganization,
  'team:view': enterOrganization,
  'signed-in': (entry) => demand(entry, entry.principal.kind === 'user'),
  'user:read': (entry) => demand(entry, ownAccountRole(entry.principal) !== undefined),
  'user:admin': (entry) => demand(entry, ownAccountRole(entry.principal) === 'admin'),
  superuser: (entry, { config }) =>
    demand(entry, isSuperuser(entry, config) || readsAsSuperuser(entry)),
  'service-key': enterServiceKey,
}

/** The permission table by operationId. Throws at start when a document demands what the gate cannot decide. */
export function readPermissions(): Map<string, OperationPermission> {
  const table = Object.entries(permissions) as [OperationId, OperationPermission][]
  for (const [operationId, { permission }] of table)
    if (!Object.hasOwn(entrances, permission.require))
      throw new Error(
        `${operationId} requires '${permission.require}', which the gate cannot decide`,
      )
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

  // Quay's order: of superusers' operations an old session is told first, whoever it is.
  if (permission.require === 'superuser') demandFreshLogin(entry, deps)
  const target = await entrances[permission.require](entry, deps)
  demandStanding(entry, deps)
  demandFreshLogin(entry, deps)
  return target
}

function demand(entry: Entry, holds: boolean): undefined {
  if (!holds) throw refuse(entry)
  return undefined
}

function isSuperuser({ operation, principal }: Entry, config: SecurityDeps['config']): boolean {
  return operation.permission.fullAccess
    ? hasFullAccess(principal, config)
    : actsAsSuperuser(principal)
}

function readsAsSuperuser({ operation, principal }: Entry): boolean {
  return operation.permission.globalReadonlySuperuser === true && readsEverything(principal)
}

/** What the configuration keeps from some users, whatever they hold. */
function demandStanding(entry: Entry, { config }: SecurityDeps): void {
  const { operation, principal } = entry
  const { restrictedUsers, onlySuperusersIf, refusedWithout } = operation.permission
  if (principal.kind === 'anonymous') return
  if (restrictedUsers === 'refused' && principal.standing.restricted)
    throw refuse(entry, 'restricted users may not do this')
  if (onlySuperusersIf && config[onlySuperusersIf] && !actsAsSuperuser(principal))
    throw refuse(entry, `only superusers may do this here (${onlySuperusersIf})`)
  if (refusedWithout && !config[refusedWithout])
    throw refuse(entry, `this registry runs without ${refusedWithout}`)
}

/** Operations that could cost an account dear want a password that was typed a moment ago; tokens are exempt. */
function demandFreshLogin({ operation, principal }: Entry, { clock, config }: SecurityDeps): void {
  if (!operation.permission.freshLogin || principal.credential.kind !== 'session') return
  const ageMs = clock.now().getTime() - principal.credential.signedInAt.getTime()
  if (ageMs > config.FRESH_LOGIN_TIMEOUT * 1000)
    throw new RegistryError('fresh_login_required', 'Requires fresh login')
}

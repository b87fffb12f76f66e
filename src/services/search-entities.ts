import { namespaceRole, ownAccountRole, readsEverything } from '#domain/access.ts'
import type { Principal } from '#domain/principal.ts'
import { simplify } from '#domain/text.ts'
import { findTarget, type FoundTarget } from '#store/access.ts'
import { findEntities, type Entity } from '#store/entity.ts'
import type { Deps } from '#deps.ts'

const maxOfEach = 10

/** Who was found, and what else the caller may know. */
export interface FoundEntities {
  entities: Entity[]
  /** Name of the organization itself, when it was looked for and fits. */
  organization: string | undefined
  /** The caller may know who belongs to the organization. */
  tellsMembers: boolean
}

/**
 * Finds whom a right could be given to, by the start of the name. Users are found by anybody; robots of a user by that
 * user alone; robots and teams of an organization, the organization itself and who belongs to it, by its members.
 */
export async function searchEntities(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  wanted: {
    prefix: string
    namespace: string | undefined
    includeTeams: boolean
    includeOrgs: boolean
    principal: Principal
  },
): Promise<FoundEntities> {
  const { principal } = wanted
  const prefix = simplify(wanted.prefix)
  if (prefix === '') return { entities: [], organization: undefined, tellsMembers: false }
  const userId = principal.kind === 'anonymous' ? null : principal.id
  const found =
    wanted.namespace && (await findTarget(db, { namespace: wanted.namespace, name: '', userId }))
  const inside = found && found.namespace.isEnabled ? found : undefined
  const organization = inside && isMember(principal, inside, config) ? inside.namespace : undefined
  const own = inside?.ownsNamespace && ownAccountRole(principal) === 'admin'
  const wholeName = !config.FEATURE_PARTIAL_USER_AUTOCOMPLETE
  const entities = await findEntities(db, {
    prefix,
    wholeName,
    teamsOf: (wanted.includeTeams && organization?.id) || null,
    robotsOf: organization?.id ?? (own ? userId : null),
    membersOf: organization?.id ?? null,
    limit: maxOfEach,
  })
  const fits = wholeName ? organization?.name === prefix : organization?.name.startsWith(prefix)
  return {
    entities,
    organization: wanted.includeOrgs && fits ? organization?.name : undefined,
    tellsMembers: organization !== undefined,
  }
}

/** True for who sees an organization as its members do. */
function isMember(principal: Principal, found: FoundTarget, config: Deps['config']): boolean {
  if (!found.namespace.isOrganization) return false
  return namespaceRole(principal, found, config) !== undefined || readsEverything(principal)
}

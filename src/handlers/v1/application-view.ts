import { hasFullAccess, namespaceRole, readsEverything } from '#domain/access.ts'
import { avatarOf } from '#domain/avatar.ts'
import { RegistryError } from '#domain/errors.ts'
import { describeScopes, parseOAuthScopes } from '#domain/oauth-scope.ts'
import type { Actor } from '#domain/principal.ts'
import { findTarget } from '#store/access.ts'
import type { OwnedApplication } from '#store/application.ts'
import type { Authorization } from '#store/application-token.ts'
import type { Deps } from '#deps.ts'
import { viewBasics } from './organization-view.ts'

/** The namespace of an application, as much of it as the caller may see; its teams are not told. */
export async function viewOwner(
  deps: Deps,
  { namespace, namespace_kind: kind }: OwnedApplication,
  actor: Actor,
) {
  const userId = actor.kind === 'anonymous' ? null : actor.id
  const found = await findTarget(deps.db, { namespace, name: '', userId })
  if (!found) throw new RegistryError('not_found', `no namespace ${namespace}`)
  const role = namespaceRole(actor, found, deps.config)
  const viewsAll = readsEverything(actor) || (hasFullAccess(actor, deps.config) && role === 'admin')
  const basics = await viewBasics(deps, { ...found.namespace, kind: 'namespace', role, viewsAll })
  const avatar = avatarOf(kind === 'organization' ? 'org' : 'user', namespace)
  return { ...basics, avatar, teams: {}, ordered_teams: [] }
}

/** What a list of authorizations says of an application. */
export function viewApplication(
  row: Pick<
    Authorization,
    'name' | 'description' | 'application_uri' | 'avatar_email' | 'namespace' | 'is_organization'
  >,
) {
  const kind = row.is_organization ? 'org' : 'user'
  return {
    name: row.name,
    description: row.description,
    url: row.application_uri,
    avatar: avatarOf('app', row.name, row.avatar_email),
    organization: { name: row.namespace, avatar: avatarOf(kind, row.namespace) },
  }
}

/** Explains the scopes of a row. */
export function viewScopes(scopes: string) {
  return describeScopes(parseOAuthScopes(scopes) ?? [])
}

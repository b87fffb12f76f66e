import { namespaceRole } from '#domain/access.ts'
import { avatarOf } from '#domain/avatar.ts'
import { describeScopes, parseOAuthScopes } from '#domain/oauth-scope.ts'
import type { Actor } from '#domain/principal.ts'
import { findTarget } from '#store/access.ts'
import type { OwnedApplication } from '#store/application.ts'
import type { Authorization } from '#store/application-token.ts'
import type { Deps } from '#deps.ts'

/** The namespace of an application as anybody may see it; those who belong to it are told so. */
export async function viewOwner(
  { db, config }: Deps,
  { namespace, namespace_kind: kind }: OwnedApplication,
  actor: Actor,
) {
  const userId = actor.kind === 'anonymous' ? null : actor.id
  const found = await findTarget(db, { namespace, name: '', userId })
  const role = found && namespaceRole(actor, found, config)
  return {
    name: namespace,
    email: '',
    avatar: avatarOf(kind === 'organization' ? 'org' : 'user', namespace),
    is_admin: role === 'admin',
    is_member: role !== undefined,
    teams: {},
    ordered_teams: [],
  }
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

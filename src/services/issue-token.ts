import { hashToken, randomToken } from '#credentials/secrets.ts'
import { registryTokenSeconds, signRegistryToken, subjectOf } from '#credentials/registry-tokens.ts'
import {
  includesRole,
  mayCreateNamespace,
  mayCreateRepository,
  readsEverything,
  repositoryRole,
} from '#domain/access.ts'
import { RegistryError } from '#domain/errors.ts'
import type { TokenAction } from '#domain/permission.ts'
import type { AccessEntry, KnownPrincipal, Principal } from '#domain/principal.ts'
import { parseRepositoryName, type RepositoryName } from '#domain/name.ts'
import { parseScopes, withoutHost, type Scope } from '#domain/scope.ts'
import { findTargets, type FoundTarget } from '#store/access.ts'
import { insertRefreshToken } from '#store/refresh-token.ts'
import type { Deps } from '#deps.ts'

/** A token request, from either form of the token service. */
export interface TokenRequest {
  principal: Principal
  /** The registry that the token is for; must be this one. */
  service: string | undefined
  scopes: readonly string[]
  /** Host and port of this registry, as the client reaches it. */
  host: string
  /** Asks for a refresh token, for this client. */
  refreshFor?: string
}

export interface IssuedToken {
  token: string
  expiresInSeconds: number
  issuedAt: Date
  /** What was granted; may be less than what was asked. */
  access: AccessEntry[]
  refreshToken: string | undefined
}

const refreshLifeMs = 90 * 86_400_000

/**
 * Gives a registry token with as much of the asked scopes as the caller may have now: less is no error, and
 * nothing is made by asking. Throws `invalid_request` for a foreign service or a malformed scope.
 */
export async function issueToken(deps: Deps, request: TokenRequest): Promise<IssuedToken> {
  const { clock, config, keys } = deps
  const { principal, host } = request
  if (request.service !== undefined && request.service !== host)
    throw new RegistryError(
      'invalid_request',
      `this is the token service of ${host}: it gives no tokens for '${request.service.slice(0, 100)}'`,
    )
  const at = clock.now()
  const access = await grantAccess(deps, principal, parseScopes(request.scopes), host)
  const token = await signRegistryToken(keys, {
    subject: principal.kind === 'anonymous' ? undefined : subjectOf(principal),
    access,
    audience: host,
    issuer: config.INSTANCE_SERVICE_KEY_SERVICE,
    at,
  })
  return {
    token,
    expiresInSeconds: registryTokenSeconds,
    issuedAt: at,
    access,
    refreshToken: await refreshTokenFor(deps, request, at),
  }
}

async function refreshTokenFor(
  { db }: Deps,
  { principal, host, refreshFor }: TokenRequest,
  at: Date,
): Promise<string | undefined> {
  if (refreshFor === undefined || !mayRefresh(principal)) return undefined
  const refreshToken = randomToken(64)
  await insertRefreshToken(db, {
    tokenHash: hashToken(refreshToken),
    userId: principal.id,
    credentialEpoch: principal.credentialEpoch,
    service: host,
    clientId: refreshFor,
    at,
    expiresAt: new Date(at.getTime() + refreshLifeMs),
  })
  return refreshToken
}

/** A refresh token would outlive the token that it was made with. */
function mayRefresh(principal: Principal): principal is KnownPrincipal {
  return principal.kind !== 'anonymous' && scopelessKinds.includes(principal.credential.kind)
}

const scopelessKinds: readonly string[] = ['password', 'refresh_token', 'robot_token']

async function grantAccess(
  deps: Deps,
  principal: Principal,
  scopes: readonly Scope[],
  host: string,
): Promise<AccessEntry[]> {
  const { db, config } = deps
  const merged = mergeScopes(scopes).map((scope) => ({ scope, name: nameOf(scope) }))
  const names = merged.flatMap(({ name }) => name ?? [])
  const userId = principal.kind === 'anonymous' ? null : principal.id
  const found = names.length === 0 ? new Map() : await findTargets(db, { names, userId })
  return merged.map(({ scope, name }) => ({
    type: scope.type,
    name: scope.name,
    actions: name ? grantActions(deps, principal, scope, found.get(name.fullName)) : [],
  }))

  function nameOf({ type, name }: Scope): RepositoryName | undefined {
    if (type !== 'repository') return undefined
    return parseRepositoryName(withoutHost(name, host), config.LIBRARY_NAMESPACE)
  }
}

/** Scopes for one thing become one entry. */
function mergeScopes(scopes: readonly Scope[]): Scope[] {
  const merged = new Map<string, Scope>()
  for (const scope of scopes) {
    const key = `${scope.type}:${scope.name}`
    const known = merged.get(key)
    merged.set(key, known ? { ...known, actions: [...known.actions, ...scope.actions] } : scope)
  }
  return [...merged.values()]
}

/** The asked actions that the caller may do; a repository that is not there yet counts if the caller may make it. */
function grantActions(
  { config }: Deps,
  principal: Principal,
  scope: Scope,
  found: FoundTarget | undefined,
): TokenAction[] {
  const wants = (action: TokenAction) =>
    scope.actions.includes(action) || scope.actions.includes('*')
  const may = { pull: false, push: false, administer: false }
  if (!found) {
    may.pull = may.push = mayCreateNamespace(principal, config)
  } else if (found.namespace.isEnabled) {
    const role = repositoryRole(principal, found, config)
    const creates = !found.repository && mayCreateRepository(principal, found, config)
    const readsAll = readsEverything(principal)
    const readsPublic =
      found.repository?.isPublic === true &&
      (principal.kind !== 'anonymous' || config.FEATURE_ANONYMOUS_ACCESS)
    may.pull = includesRole(role, 'read') || readsPublic || readsAll || creates
    may.push = includesRole(role, 'write') || creates
    may.administer = role === 'admin'
  }
  const granted: TokenAction[] = []
  if (may.pull && wants('pull')) granted.push('pull')
  if (may.push && wants('push')) granted.push('push')
  if (may.push && wants('delete')) granted.push('delete')
  if (may.administer && scope.actions.includes('*')) granted.push('*')
  return granted
}

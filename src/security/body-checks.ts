import type { BodyCheck, Right } from '#domain/permission.ts'
import { parseRepositoryName } from '#domain/name.ts'
import { includesRole, readsEverything, repositoryRole } from '#domain/access.ts'
import { RegistryError } from '#domain/errors.ts'
import { demandOAuthScopes, mayGiveScopes } from '#domain/oauth-scope.ts'
import type { Target } from '#domain/target.ts'
import { findTarget } from '#store/access.ts'
import type { Entry } from './gate.ts'
import { enterNamespace } from './namespace-gate.ts'
import { refuse } from './refusal.ts'
import { targetOf } from './repository-gate.ts'
import { demandFormCsrf, enterAdministered, enterClient, enterConsent } from './application-gate.ts'
import type { CredentialSource, SecurityDeps } from './scheme.ts'
import { proveOwnKey } from './service-key-gate.ts'

/** A call whose parameters and body have been validated. */
export interface ValidatedCall {
  entry: Entry
  query: unknown
  body: unknown
  source: CredentialSource
  target: Target
}

/** A right that depends on the validated body. Gives the target that the handler gets, or throws the refusal. */
type Check = (call: ValidatedCall, deps: SecurityDeps) => Promise<Target> | Target

const checks: Record<BodyCheck, Check> = {
  'token-scopes': demandScopes,
  'readable-repository': findReadable,
  'own-key': proveOwnKey,
  'form-csrf': demandFormCsrf,
  'oauth-client': enterClient,
  'oauth-consent': enterConsent,
  'oauth-administrator': enterAdministered,
  'login-or-scope': demandPurpose,
}

/** Decides the rights of an operation that depend on its body, after the body was validated. */
export async function enterWithBody(call: ValidatedCall, deps: SecurityDeps): Promise<Target> {
  const { checkBody, require } = call.entry.operation.permission
  if (require === ('repo:create' satisfies Right)) {
    const { namespace } = call.body as { namespace?: string }
    return enterNamespace(call.entry, namespace, deps)
  }
  return checkBody === undefined ? call.target : checks[checkBody](call, deps)
}

/** A request for a token without credentials and without a scope is a login that lacks the password (Quay's rule). */
function demandPurpose(
  { entry, query, target }: Parameters<Check>[0],
  { config }: SecurityDeps,
): Target {
  const { scope } = query as { scope?: string[] }
  const asksForNothing = !scope?.some((text) => text.trim() !== '')
  if (entry.principal.kind !== 'anonymous' || !asksForNothing || config.FEATURE_PUBLIC_CATALOG)
    return target
  throw refuse(entry, 'send user name and password, or name the scope that the token is for')
}

/** The repository that the body names; one that the caller may not read is answered like a missing one. */
async function findReadable(
  { entry: { principal }, body }: Parameters<Check>[0],
  { db, config }: SecurityDeps,
): Promise<Target> {
  const { namespace, repository } = body as { namespace: string; repository: string }
  const name = parseRepositoryName(`${namespace}/${repository}`, config.LIBRARY_NAMESPACE)
  const userId = principal.kind === 'anonymous' ? null : principal.id
  const found = await findTarget(db, { ...name, userId })
  const role = found && repositoryRole(principal, found, config)
  const isReadable =
    includesRole(role, 'read') || found?.repository?.isPublic || readsEverything(principal)
  if (!found?.repository || !found.namespace.isEnabled || !isReadable)
    throw new RegistryError('not_found', `no repository ${name.fullName}`)
  return { ...targetOf(found.namespace, found.repository), fullName: name.fullName, role }
}

/** Nobody gives a token a right that they could not use on the organization themselves. */
async function demandScopes(
  { entry, body, target }: Parameters<Check>[0],
  { db, config }: SecurityDeps,
): Promise<Target> {
  const { principal } = entry
  const scopes = demandOAuthScopes((body as { scope: string }).scope)
  const found =
    target?.kind === 'namespace' && principal.kind === 'user'
      ? await findTarget(db, { namespace: target.name, name: '', userId: principal.id })
      : undefined
  if (!found || !mayGiveScopes(principal, found, { scopes, rules: config }))
    throw refuse(entry, 'a token gets only scopes that you can use on the organization yourself')
  return target
}

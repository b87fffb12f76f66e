/**
 * The vocabulary of `x-permission`: what an operation may demand of its caller. The linter refuses an
 * operation without one, the server refuses to start on a word that is not here.
 */

/** Rights an operation can require; see ARCHITECTURE.md, "Permissions". */
export const rights = [
  'anyone',
  'signed-in',
  'repo:read',
  'repo:write',
  'repo:admin',
  'repo:create',
  'org:view',
  'org:member',
  'org:admin',
  'team:view',
  'user:read',
  'user:admin',
  'superuser',
  'service-key',
] as const
export type Right = (typeof rights)[number]

/** The `x-permission` object of one operation. */
export interface Permission {
  require: Right
  /** A cookie login must be younger than FRESH_LOGIN_TIMEOUT; Bearer callers are exempt. */
  freshLogin?: true
  /** A global read-only superuser passes too. */
  globalReadonlySuperuser?: true
  /** Refused with 503 (v1) or 403 (v2) while the repository is read-only or a mirror. */
  repositoryState?: 'normal'
  restrictedUsers?: 'refused' | 'refused-in-own-namespace'
  /** Answered even when FEATURE_ANONYMOUS_ACCESS is off. */
  servedWithoutAnonymousAccess?: true
  /** `org:` rights: the path may also name the caller's own user namespace. */
  userNamespace?: true
  /** `superuser`: superusers pass with FEATURE_SUPERUSERS_FULL_ACCESS alone. */
  fullAccess?: true
  /** Superusers alone, while this setting is on. */
  onlySuperusersIf?: 'FEATURE_SUPERUSERS_ORG_CREATION_ONLY'
  /** Refused with 403 to everybody while this setting is off. */
  refusedWithout?: 'FEATURE_SUPERUSER_CONFIGDUMP'
  /** A right that depends on the validated body; `security/body-checks.ts` decides it. */
  checkBody?: BodyCheck
  /** v2 only: the action that the token's access list must hold. */
  tokenAction?: TokenAction
  /** v2 only: the repository may be missing if the caller may create it: a write makes it, a list is empty. */
  mayBeMissing?: true
}

/**
 * Rights that depend on the body. `token-scopes`: nobody gives a token more than they hold themselves.
 * `readable-repository`: the repository that the body names is one that the caller may read.
 * `own-key`: the caller has the private half of the key in the body, or of an approved key of the service.
 * `form-csrf`: the form, or the header, holds the CSRF token of the session.
 * `oauth-client`: the caller may let the application of `client_id` act for them; loads it.
 * `oauth-consent`: `form-csrf` and `oauth-client`, for a form.
 * `oauth-administrator`: `form-csrf`, and the caller administers the namespace of that application.
 * `login-or-scope`: nobody in particular gets no token for nothing, unless the catalog is for everybody.
 */
export type BodyCheck =
  | 'token-scopes'
  | 'readable-repository'
  | 'own-key'
  | 'form-csrf'
  | 'oauth-client'
  | 'oauth-consent'
  | 'oauth-administrator'
  | 'login-or-scope'

/** Actions of a registry token (Docker token specification); `*` stands for all of them and for administration. */
export type TokenAction = 'pull' | 'push' | 'delete' | '*'

/** One entry of the generated permission table. */
export interface OperationPermission {
  api: 'v1' | 'v2'
  method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete'
  path: string
  /** Feature flags that must all be on; otherwise the operation does not exist (404). */
  features: readonly string[]
  /** Alternatives as in the document: scheme name to OAuth scopes. An empty object admits anonymous callers. */
  security: readonly Readonly<Record<string, readonly string[]>>[]
  permission: Permission
}

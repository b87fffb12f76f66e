/**
 * What each operation demands of its caller, written by hand from what Quay demands (the decorators of its
 * `endpoints/api/` and `endpoints/`), for `/v2` from the token scope of the Docker token specification, and never
 * out of `x-permission`.
 */
export interface OperationClass {
  /** Text of the table; `outcomes.ts` says what it means. */
  permission: string
  /** Superusers pass with FEATURE_SUPERUSERS_FULL_ACCESS. */
  fullAccess: boolean
  globalReadonlySuperuser: boolean
  freshLogin: boolean
  flags: readonly Flag[]
  /** Any of them off, and the operation is not there. */
  features: readonly string[]
}

export type Flag =
  /** Answered with FEATURE_ANONYMOUS_ACCESS off. */
  | 'anon_allowed'
  /** The browser's own: it changes the cookie, so its CSRF token is wanted from everybody. */
  | 'csrf'
  | '503_if_repo_not_NORMAL'
  | '403_in_restricted_user_ns'
  | 'not_for_restricted_users'
  /** Takes the name of a user where others take an organization's. */
  | 'user_namespace'
  /** Takes the browser session, and no token. */
  | 'session_only'
  /** The CSRF token is a field of the form, which is looked at when it has been read. */
  | 'form_csrf'
  /** v2: the first write makes the repository. */
  | 'makes_repository'
  /** v2: a repository that the caller may make counts as an empty one. */
  | 'empty_if_missing'

/** A row of the table. */
export function row(
  permission: string,
  superuser: 'full-access' | 'no' | '-',
  globalReadonly: 'yes' | 'no' | '-' | 'sees all',
  freshLogin: 'yes' | 'no' = 'no',
  flags: readonly Flag[] = [],
  features: readonly string[] = [],
): OperationClass {
  return {
    permission,
    fullAccess: superuser === 'full-access',
    globalReadonlySuperuser: globalReadonly === 'yes',
    freshLogin: freshLogin === 'yes',
    flags,
    features,
  }
}

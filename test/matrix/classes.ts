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

type Flag =
  /** Answered with FEATURE_ANONYMOUS_ACCESS off. */
  | 'anon_allowed'
  /** The browser's own: it changes the cookie, so its CSRF token is wanted from everybody. */
  | 'csrf'
  | '503_if_repo_not_NORMAL'
  | '403_in_restricted_user_ns'
  /** v2: the first write makes the repository. */
  | 'makes_repository'
  /** v2: a repository that the caller may make counts as an empty one. */
  | 'empty_if_missing'

function row(
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

const web = () => row('none', '-', '-', 'no', ['anon_allowed'])
const tagWrite = (permission = 'repo:write') =>
  row(permission, 'full-access', 'no', 'no', [
    '503_if_repo_not_NORMAL',
    '403_in_restricted_user_ns',
  ])

const v1: Record<string, OperationClass> = {
  getRegistryCapabilities: row('anonymous', '-', '-', 'no', ['anon_allowed']),
  getErrorDescription: row('anonymous', '-', '-'),

  getRepoManifest: row('repo:read', 'full-access', 'yes'),
  listRepos: row('anonymous (results filtered by visibility)', '-', 'sees all'),
  createRepo: row('org creator-or-admin, or own namespace', 'full-access', 'no'),
  getRepo: row('repo:read', 'full-access', 'yes'),
  updateRepo: row('repo:write', 'full-access', 'no'),
  deleteRepository: row('repo:admin', 'full-access', 'no'),
  changeRepoState: row('repo:admin', 'full-access', 'no', 'no', [], ['FEATURE_REPO_MIRROR']),
  changeRepoVisibility: row('repo:admin', 'full-access', 'no'),

  listRepoTags: row('repo:read', 'full-access', 'yes'),
  changeTag: tagWrite('repo:write; unsetting immutable needs repo:admin'),
  deleteFullTag: tagWrite(),
  removeTagFromTimemachine: row(
    'repo:write',
    'full-access',
    'no',
    'no',
    [],
    ['PERMANENTLY_DELETE_TAGS'],
  ),
  restoreTag: tagWrite(),

  signinUser: row('anonymous', '-', '-', 'no', ['anon_allowed', 'csrf'], ['FEATURE_DIRECT_LOGIN']),
  verifyUser: row('user:admin', 'no', 'no'),
  logout: row('anonymous (no-op without login)', '-', '-', 'no', ['csrf']),
  getLoggedInUser: row(
    'user:read of self (anonymous -> 401 with session_required:false)',
    'no',
    'no',
    'no',
    ['anon_allowed'],
  ),
  createNewUser: row(
    'anonymous',
    '-',
    '-',
    'no',
    ['csrf'],
    ['FEATURE_USER_CREATION', 'FEATURE_DIRECT_LOGIN'],
  ),
  changeUserDetails: row('user:admin', 'no', 'no', 'yes'),
  getUserInformation: row('anonymous', '-', '-'),

  getCsrfToken: web(),
  getUiConfig: web(),
  healthInstance: web(),
  healthEndtoend: web(),
  listServicePublicKeys: web(),
  getServicePublicKey: web(),
  initializeUser: row('none', '-', '-', 'no', ['anon_allowed'], ['FEATURE_USER_INITIALIZE']),
}

const pull = (flags: Flag[] = [], features: string[] = []) =>
  row('repository:NAME:pull', 'full-access', 'yes', 'no', flags, features)
const changes = ['503_if_repo_not_NORMAL', '403_in_restricted_user_ns'] as const
const push = (...flags: Flag[]) =>
  row('repository:NAME:pull,push', 'full-access', 'no', 'no', [...changes, ...flags])
const remove = () => row('repository:NAME:delete', 'full-access', 'no', 'no', changes)

const v2: Record<string, OperationClass> = {
  checkApi: row('any valid token', '-', '-'),
  // Without a token v2.yaml answers with the challenge, because clients log in on it; Quay gives an empty list.
  listCatalog: row('any valid token', '-', '-'),
  issueToken: row('Basic credentials or anonymous', '-', '-', 'no', ['anon_allowed']),
  exchangeToken: row('none', '-', '-', 'no', ['anon_allowed']),
  discoverExtensions: row('none', '-', '-', 'no', ['anon_allowed']),

  discoverRepositoryExtensions: pull(),
  listTags: pull(),
  getManifest: pull(),
  headManifest: pull(),
  putManifest: push('makes_repository'),
  deleteManifest: remove(),
  getBlob: pull(),
  headBlob: pull(),
  deleteBlob: remove(),
  startBlobUpload: push('makes_repository'),
  getBlobUpload: push(),
  patchBlobUpload: push(),
  finishBlobUpload: push(),
  cancelBlobUpload: push(),
  listReferrers: pull(['empty_if_missing'], ['FEATURE_REFERRERS_API']),
}

/** Class of each operation, by operationId. */
export const classes: Readonly<Record<string, OperationClass>> = { ...v1, ...v2 }

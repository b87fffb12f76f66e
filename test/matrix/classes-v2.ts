import { row, type Flag, type OperationClass } from './class.ts'

const pull = (flags: Flag[] = [], features: string[] = []) =>
  row('repository:NAME:pull', 'full-access', 'yes', 'no', flags, features)
const changes = ['503_if_repo_not_NORMAL', '403_in_restricted_user_ns'] as const
const push = (...flags: Flag[]) =>
  row('repository:NAME:pull,push', 'full-access', 'no', 'no', [...changes, ...flags])
const remove = () => row('repository:NAME:delete', 'full-access', 'no', 'no', changes)

/** Classes of the operations of the registry protocol. */
export const v2: Record<string, OperationClass> = {
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

import { key, told } from './config-key.ts'
import { boolean, duration, list, size, text } from './config-kinds.ts'

/** Keys of repositories and of what is pushed to them. */
export const content = {
  CREATE_PRIVATE_REPO_ON_PUSH: key(boolean, true, 'Repositories made by a push are private'),
  CREATE_NAMESPACE_ON_PUSH: key(
    boolean,
    false,
    'A push to a namespace that does not exist makes an organization',
  ),
  LIBRARY_NAMESPACE: key(
    text('a namespace name', { pattern: '^[a-z0-9]+(?:[._-][a-z0-9]+)*$', maxLength: 255 }),
    'library',
    'Namespace of names of one part',
  ),
  FEATURE_PUBLIC_CATALOG: key(
    boolean,
    false,
    'Anonymous callers of /v2/_catalog see public repositories',
  ),
  FEATURE_REFERRERS_API: key(boolean, true, 'The referrers of a manifest can be listed'),
  FEATURE_SPARSE_INDEX: key(boolean, false, 'An index whose manifests are missing is accepted'),
  FEATURE_SPARSE_IMAGE: key(boolean, false, 'An image whose blobs are missing is accepted'),
  FEATURE_REPO_MIRROR: key(boolean, false, 'Repositories can be mirrors, and have a state', told),
  MAXIMUM_LAYER_SIZE: key(size, '20G', 'Largest blob'),
  MAXIMUM_MANIFEST_SIZE: key(size, '4M', 'Largest manifest'),
  UPLOAD_EXPIRATION: key(
    duration,
    '2d',
    'Time after which an upload that nobody writes to is dropped',
  ),
}

/** Keys of tags and their history. */
export const tags = {
  DEFAULT_TAG_EXPIRATION: key(
    duration,
    '2w',
    'How long tags of a new namespace stay restorable; one of TAG_EXPIRATION_OPTIONS',
  ),
  TAG_EXPIRATION_OPTIONS: key(
    list(duration, { minItems: 1 }),
    ['0s', '1d', '1w', '2w', '4w'],
    'What a namespace may choose for that',
    told,
  ),
  FEATURE_CHANGE_TAG_EXPIRATION: key(boolean, true, 'Owners of a namespace may choose it'),
  LABELED_EXPIRATION_MINIMUM: key(duration, '1h', 'Shortest life that a label may give a tag'),
  LABELED_EXPIRATION_MAXIMUM: key(duration, '104w', 'Longest life that a label may give a tag'),
  PERMANENTLY_DELETE_TAGS: key(
    boolean,
    true,
    'Deleted tags can be removed from the history at once',
    told,
  ),
}

/** Keys of the audit log. */
export const audit = {
  ACTION_LOG_AUDIT_LOGINS: key(boolean, true, 'Sign-ins are written to the audit log'),
  ACTION_LOG_AUDIT_LOGIN_FAILURES: key(boolean, false, 'Failed sign-ins too'),
}

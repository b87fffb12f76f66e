/**
 * Every refusal of the registry: its name, its status and code on each face, and the text that
 * `getErrorDescription` serves. v1 names are Quay's (`error_type`); v2 codes are those of the OCI
 * distribution specification where it has one.
 */
const table = {
  // Both faces.
  not_found: [404, 'NAME_UNKNOWN', 'The thing asked for does not exist.'],
  invalid_request: [400, 'INVALID_REQUEST', 'The request breaks a rule that its text names.'],
  unauthorized: [401, 'UNAUTHORIZED', 'The caller must present a token that covers this action.'],
  denied: [403, 'DENIED', 'The action is refused, and another credential would not help.'],
  unsupported: [405, 'UNSUPPORTED', 'The operation is not supported.'],
  method_not_allowed: [405, 'UNSUPPORTED', 'The path exists, but not with this method.'],
  too_many_attempts: [
    429,
    'TOOMANYREQUESTS',
    'Too many attempts; wait as long as Retry-After says.',
  ],
  request_timeout: [408, 'REQUEST_TIMEOUT', 'Nothing came for too long; the connection is closed.'],
  payload_too_large: [413, 'SIZE_INVALID', 'The body is larger than the registry accepts.'],
  headers_too_large: [431, 'INVALID_REQUEST', 'The head of the request is larger than 32 KiB.'],
  uri_too_long: [414, 'INVALID_REQUEST', 'The request line is longer than the registry accepts.'],
  unsupported_media_type: [
    415,
    'MANIFEST_INVALID',
    'The body has a content type that is not accepted here.',
  ],
  repository_not_normal: [
    503,
    'DENIED',
    'The repository is read-only or a mirror and takes no changes.',
  ],
  unavailable: [
    503,
    'UNAVAILABLE',
    'A part that the registry needs does not answer. Try again soon.',
  ],
  storage_full: [
    503,
    'UNAVAILABLE',
    'The storage is full; nothing was kept. Try again when there is room.',
  ],
  internal: [500, 'UNKNOWN', 'The registry failed. The log holds the cause under the request id.'],
  // v1.
  invalid_token: [401, 'UNAUTHORIZED', 'The call needs somebody signed in, or a valid token.'],
  expired_token: [401, 'UNAUTHORIZED', 'The token is past its expiry.'],
  insufficient_scope: [403, 'DENIED', 'The caller is known but lacks the right.'],
  invalid_csrf_token: [
    403,
    'DENIED',
    'Calls with a session cookie carry the token of /csrf_token in X-CSRF-Token.',
  ],
  fresh_login_required: [
    401,
    'UNAUTHORIZED',
    'The sign-in is too old for this; confirm the password first.',
  ],
  exceeds_license: [402, 'DENIED', 'The plan does not cover another private repository.'],
  external_service_timeout: [520, 'UNAVAILABLE', 'An outside service did not answer in time.'],
  downstream_issue: [520, 'UNAVAILABLE', 'An outside service failed.'],
  invalid_response: [
    400,
    'INVALID_REQUEST',
    'An outside service gave an answer that makes no sense.',
  ],
  token_rotation_failed: [500, 'UNKNOWN', 'The renewal of a token could not be finished.'],
  tag_immutable: [409, 'TAG_IMMUTABLE', 'A rule forbids moving or deleting this tag.'],
  key_not_approved: [409, 'DENIED', 'The key waits for the approval of a superuser.'],
  // v2.
  blob_unknown: [404, 'BLOB_UNKNOWN', 'The repository holds no such blob.'],
  blob_upload_invalid: [400, 'BLOB_UPLOAD_INVALID', 'The upload cannot go on like this.'],
  blob_upload_unknown: [404, 'BLOB_UPLOAD_UNKNOWN', 'There is no such upload; start a new one.'],
  blob_upload_busy: [409, 'BLOB_UPLOAD_INVALID', 'Another request is writing to this upload.'],
  digest_invalid: [400, 'DIGEST_INVALID', 'The digest is malformed or does not match the content.'],
  blob_in_use: [405, 'DENIED', 'A manifest of the repository names the blob; delete that first.'],
  manifest_blob_unknown: [
    400,
    'MANIFEST_BLOB_UNKNOWN',
    'The manifest names content that the repository does not hold.',
  ],
  manifest_invalid: [400, 'MANIFEST_INVALID', 'The manifest breaks its schema.'],
  manifest_unknown: [404, 'MANIFEST_UNKNOWN', 'The repository holds no such manifest.'],
  name_invalid: [400, 'NAME_INVALID', 'The repository name breaks the naming rules.'],
  name_unknown: [404, 'NAME_UNKNOWN', 'There is no such repository.'],
  size_invalid: [400, 'SIZE_INVALID', 'The length does not match the content.'],
  range_invalid: [416, 'RANGE_INVALID', 'The range does not fit the content.'],
  tag_invalid: [400, 'TAG_INVALID', 'The tag breaks the naming rules.'],
  pagination_invalid: [
    400,
    'PAGINATION_NUMBER_INVALID',
    'The page size is not a number that is accepted.',
  ],
} as const satisfies Record<string, readonly [status: number, ociCode: string, description: string]>

/** Name of a refusal; the `error_type` of v1. */
export type ErrorCode = keyof typeof table

/** Everything said of each refusal: HTTP status, OCI error code, description for people. */
export const errorCodes = Object.fromEntries(
  Object.entries(table).map(([code, [status, ociCode, description]]) => [
    code,
    { status, ociCode, description },
  ]),
) as Record<ErrorCode, { status: number; ociCode: string; description: string }>

/** What a refusal may carry beside its text. */
export interface RegistryErrorOptions {
  cause?: unknown
  /** Response headers, for example `Retry-After`. */
  headers?: Record<string, string>
  /** Fields added to the v1 body, or the `detail` of the v2 envelope. */
  extra?: Record<string, unknown>
  /** v2: the scope a new token should ask for, and why this one did not do. */
  challenge?: { scope?: string; error?: 'invalid_token' | 'insufficient_scope' }
}

/** A refusal. The message is read by people: it says which rule refused, and what to do next where that helps. */
export class RegistryError extends Error {
  readonly code: ErrorCode
  readonly options: RegistryErrorOptions

  constructor(code: ErrorCode, message: string, options: RegistryErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'RegistryError'
    this.code = code
    this.options = options
  }

  get status(): number {
    return errorCodes[this.code].status
  }
}

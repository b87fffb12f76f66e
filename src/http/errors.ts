import { errorCodes, RegistryError } from '#domain/errors.ts'
import { isDatabaseDown, isDatabaseFull } from '#store/db-errors.ts'
import type { HandlerReply } from './exchange.ts'
import type { RequestFacts } from '#operation.ts'

/** Makes a refusal of anything that was thrown. What is none is a fault of ours, or of the database. */
export function toRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error
  if (error instanceof URIError)
    return new RegistryError('invalid_request', 'the path holds a broken percent escape', {
      cause: error,
    })
  if (isDatabaseFull(error))
    return new RegistryError(
      'storage_full',
      'the disk of the database is full; nothing of this request was kept: free space, then send it again',
      { cause: error },
    )
  if (isDatabaseDown(error))
    return new RegistryError(
      'unavailable',
      'the database does not answer; the registry heals by itself when it is back',
      { cause: error, headers: { 'Retry-After': '2' } },
    )
  return new RegistryError(
    'internal',
    'the registry failed; its log says why under the request id',
    {
      cause: error,
    },
  )
}

/** Refusals of values that the OCI specification has codes for; the management API has one name for them. */
const invalidValues: readonly string[] = [
  'name_invalid',
  'tag_invalid',
  'digest_invalid',
  'size_invalid',
]

/** Renders a refusal of `/api/v1`: Quay's body, with `message` beside `detail`. */
export function renderV1(error: RegistryError, facts: RequestFacts): HandlerReply {
  const { status, message, options } = error
  const code = invalidValues.includes(error.code) ? 'invalid_request' : error.code
  return {
    status,
    headers: { ...options.headers },
    body: {
      detail: message,
      message,
      error_message: message,
      error_type: code,
      title: code,
      type: `${facts.baseUrl}/api/v1/error/${code}`,
      status,
      ...(status >= 500 ? { request_id: facts.id } : {}),
      ...options.extra,
    },
  }
}

/** Renders a refusal of `/v2`: the OCI envelope, and a challenge with each 401. */
export function renderV2(error: RegistryError, facts: RequestFacts): HandlerReply {
  const { code, status, message, options } = error
  const detail = { ...options.extra, ...(status >= 500 ? { request_id: facts.id } : {}) }
  return {
    status,
    headers: {
      'Docker-Distribution-Api-Version': 'registry/2.0',
      ...(status === 401 ? { 'WWW-Authenticate': bearerChallenge(error, facts) } : {}),
      ...options.headers,
    },
    body: {
      errors: [
        {
          code: errorCodes[code].ociCode,
          message,
          ...(Object.keys(detail).length > 0 ? { detail } : {}),
        },
      ],
    },
  }
}

/** A scope holds the name as the path had it; what cannot stand in a header or a quoted string is no name anyway. */
function bearerChallenge({ options }: RegistryError, facts: RequestFacts): string {
  const { scope, error } = options.challenge ?? {}
  const parts = [
    `realm="${facts.baseUrl}/v2/auth"`,
    `service="${facts.host}"`,
    ...(scope === undefined ? [] : [`scope="${scope.replaceAll(/[^\x20-\x7e]|["\\]/g, '')}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ]
  return `Bearer ${parts.join(',')}`
}

/** Renders a refusal of the token service to a caller with Basic credentials. */
export function renderTokenRefusal(error: RegistryError, facts: RequestFacts): HandlerReply {
  const reply = renderV2(error, facts)
  if (error.status === 401)
    reply.headers = { ...reply.headers, 'WWW-Authenticate': `Basic realm="${facts.host}"` }
  return reply
}

/** Renders a refusal of the OAuth2 form of the token service (RFC 6749, 5.2). */
export function renderOAuth2(error: RegistryError): HandlerReply {
  const named = error.options.extra?.error
  const usual = error.code === 'unauthorized' ? 'invalid_grant' : 'invalid_request'
  const code = typeof named === 'string' ? named : usual
  return {
    status: error.code === 'unauthorized' ? 400 : error.status,
    headers: { 'Cache-Control': 'no-store', ...error.options.headers },
    body: { error: code, error_description: error.message },
  }
}

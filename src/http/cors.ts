import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Config } from '#config.ts'

const methods = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT'
const plainHeaders =
  'Authorization, Content-Range, Content-Type, If-None-Match, If-Range, Range, X-Requested-With'
const exposedHeaders =
  'Accept-Ranges, Content-Range, Docker-Content-Digest, Docker-Distribution-Api-Version, Docker-Upload-UUID, ETag, Link, Location, OCI-Chunk-Min-Length, OCI-Filters-Applied, OCI-Subject, OCI-Tag, Range, Retry-After, WWW-Authenticate, X-Next-CSRF-Token'

/** Never for every origin: what belongs to a session, and the making of the first account, which needs no credential. */
const closedPaths = new Set(['/config', '/csrf_token', '/api/v1/user/initialize'])

/**
 * Says which pages of other origins may read an answer (CORS_ORIGIN). With `*`, the default, all of them may,
 * but without cookies; an origin that is named may send cookies too.
 */
export function setCorsHeaders(
  { headers }: IncomingMessage,
  response: ServerResponse,
  path: string,
  config: Pick<Config, 'CORS_ORIGIN'>,
): void {
  const { origin } = headers
  const isNamed = origin !== undefined && config.CORS_ORIGIN.includes(origin)
  const isOpen = config.CORS_ORIGIN.includes('*') && !closedPaths.has(path)
  if (config.CORS_ORIGIN.some((each) => each !== '*')) response.setHeader('Vary', 'Origin')
  if (!isNamed && !isOpen) return
  response.setHeader('Access-Control-Allow-Origin', isNamed ? origin : '*')
  response.setHeader('Access-Control-Allow-Methods', methods)
  response.setHeader(
    'Access-Control-Allow-Headers',
    isNamed ? `${plainHeaders}, Cookie, X-CSRF-Token` : plainHeaders,
  )
  response.setHeader('Access-Control-Expose-Headers', exposedHeaders)
  response.setHeader('Access-Control-Max-Age', '21600')
  if (isNamed) response.setHeader('Access-Control-Allow-Credentials', 'true')
}

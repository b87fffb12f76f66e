import type { IncomingMessage } from 'node:http'

import type { CredentialSource } from '#security/scheme.ts'
import type { Target } from '#domain/target.ts'
import type { Principal } from '#domain/principal.ts'
import type { RoutedRequest } from './indexed-router.ts'
import type { RequestFacts, SessionHandle } from '#operation.ts'

/** One request on its way to a handler: filled in step by step, by `api.ts`. */
export interface Exchange {
  incoming: IncomingMessage
  facts: RequestFacts
  source: CredentialSource
  session: SessionHandle
  userAgent: string
  /** The request as openapi-backend sees it. */
  request?: RoutedRequest
  /** Known once the operation is matched; names the request in log and metrics. */
  operationId?: string
  principal?: Principal
  target?: Target
  /** Read after the gate. */
  body?: unknown
}

/** What a handler answered, ready to be sent. */
export interface HandlerReply {
  status: number
  type?: string
  headers?: Record<string, string | string[] | undefined>
  body?: unknown
}

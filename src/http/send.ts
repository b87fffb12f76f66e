import type { IncomingMessage, ServerResponse } from 'node:http'

import type { BlobContent } from '#domain/content.ts'
import type { BlobDriver } from '#storage/driver.ts'
import type { HandlerReply } from './exchange.ts'
import type { Metrics } from './metrics.ts'
import { sendBlob } from './send-blob.ts'

/** Sends a handler's reply: a JSON value, text, bytes, or a blob. */
export async function send(
  incoming: IncomingMessage,
  response: ServerResponse,
  reply: HandlerReply,
  { blobs, metrics }: { blobs: BlobDriver; metrics: Metrics },
): Promise<void> {
  response.statusCode = reply.status
  for (const [name, value] of Object.entries(reply.headers ?? {}))
    if (value !== undefined) response.setHeader(name, value)
  closeAfterUnreadBody(incoming, response)

  if (isBlob(reply.body)) {
    metrics.transferred('out', await sendBlob(incoming, response, reply.body, blobs))
    return
  }
  if (reply.body === undefined || hasNoBody(reply.status)) {
    if (!hasNoBody(reply.status) && !response.hasHeader('Content-Length'))
      response.setHeader('Content-Length', 0)
    response.end()
    return
  }
  const bytes = toBytes(reply)
  if (!response.hasHeader('Content-Type'))
    response.setHeader('Content-Type', reply.type ?? 'application/json')
  response.setHeader('Content-Length', bytes.length)
  response.end(incoming.method === 'HEAD' ? undefined : bytes)
}

const hasNoBody = (status: number) => status === 204 || status === 304

function isBlob(body: unknown): body is BlobContent {
  return (body as BlobContent | undefined)?.kind === 'blob'
}

function toBytes({ body, type }: HandlerReply): Uint8Array {
  if (body instanceof Uint8Array) return body
  if (typeof body === 'string' && type !== undefined && !type.endsWith('json'))
    return Buffer.from(body)
  return Buffer.from(JSON.stringify(body))
}

/** A refused upload may have gigabytes to come: the connection is closed rather than drained. */
function closeAfterUnreadBody(incoming: IncomingMessage, response: ServerResponse): void {
  if (incoming.complete || incoming.readableEnded) return
  const expectsBody =
    incoming.headers['transfer-encoding'] !== undefined ||
    Number(incoming.headers['content-length'] ?? 0) > 65_536
  if (!expectsBody) return
  response.shouldKeepAlive = false
}

import type { IncomingMessage, ServerResponse } from 'node:http'

import type { BlobContent } from '#domain/content.ts'
import { pageHeaders } from '#pages/headers.ts'
import type { HandlerReply } from './exchange.ts'
import type { Metrics } from './metrics.ts'
import { sendBlob, type BlobSupply } from './send-blob.ts'

/** Sends a handler's reply: a JSON value, text, bytes, or a blob. */
export async function send(
  incoming: IncomingMessage,
  response: ServerResponse,
  reply: HandlerReply,
  { blobs, watch, metrics }: BlobSupply & { metrics: Metrics },
): Promise<void> {
  response.statusCode = reply.status
  // What somebody has pushed is never taken for a page of ours.
  response.setHeader('X-Content-Type-Options', 'nosniff')
  // The cookie of v1 says who asks, and a cache that does not know would hand one person's answer to another.
  if (!incoming.url?.startsWith('/v2')) response.setHeader('Cache-Control', 'no-store')
  for (const [name, value] of Object.entries(reply.headers ?? {}))
    if (value !== undefined) response.setHeader(name, value)
  // Who was too slow is not waited for again.
  if (reply.status === 408) response.shouldKeepAlive = false
  else swallowRest(incoming)

  if (isBlob(reply.body)) {
    metrics.transferred('out', await sendBlob(incoming, response, reply.body, { blobs, watch }))
    return
  }
  if (reply.body === undefined || hasNoBody(reply.status)) {
    if (!hasNoBody(reply.status) && !response.hasHeader('Content-Length'))
      response.setHeader('Content-Length', 0)
    response.end()
    return
  }
  const bytes = toBytes(reply)
  if (reply.type === 'text/html') setPageHeaders(response)
  if (!response.hasHeader('Content-Type'))
    response.setHeader('Content-Type', reply.type ?? 'application/json')
  response.setHeader('Content-Length', bytes.length)
  response.end(incoming.method === 'HEAD' ? undefined : bytes)
}

/** Pages of the documents are as strict as the others; what a handler has said otherwise stays. */
function setPageHeaders(response: ServerResponse): void {
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  for (const [name, value] of Object.entries(pageHeaders()))
    if (!response.hasHeader(name)) response.setHeader(name, value)
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

/** Of a body that nobody wants, so much is still taken, for so long. */
const maxSwallowedBytes = 64 * 1_048_576
const maxSwallowMs = 10_000

/**
 * A client that is still sending when the connection closes is told of the reset and loses the answer. So the
 * rest of a refused body is taken and thrown away, within limits; what is longer ends with the connection.
 */
function swallowRest(incoming: IncomingMessage): void {
  if (incoming.complete || incoming.destroyed) return
  const { socket } = incoming
  const timer = setTimeout(() => socket.destroy(), maxSwallowMs)
  let left = maxSwallowedBytes
  incoming.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) socket.destroy()
  })
  incoming.once('close', () => clearTimeout(timer))
  incoming.once('end', () => clearTimeout(timer))
  incoming.resume()
}

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { BlobContent } from '#domain/content.ts'
import type { Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import type { BlobDriver, BlobReader } from '#storage/driver.ts'
import { pumpBlob, type BlobPart } from '#storage/pump.ts'
import type { BlobWatch } from './blob-watch.ts'

const octetStream = 'application/octet-stream'

/** Where blobs come from, and who looks at them on their way. */
export interface BlobSupply {
  blobs: BlobDriver
  watch: BlobWatch
}

/**
 * Sends a blob, or the ranges of it that were asked for. When the bytes fail in the middle the connection is
 * destroyed: a client must never take a part for the whole. Gives how many bytes went out. Throws `blob_unknown`
 * for bytes that are missing or damaged.
 */
export async function sendBlob(
  incoming: IncomingMessage,
  response: ServerResponse,
  content: BlobContent,
  { blobs, watch }: BlobSupply,
): Promise<number> {
  const { parts, type, lengthBytes, tail } = layOut(content)
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', lengthBytes)
  if (incoming.method === 'HEAD') {
    response.end()
    return 0
  }
  const reader = await openWatched({ blobs, watch }, content)
  const isWhole = lengthBytes === content.sizeBytes && tail === undefined
  const check = isWhole ? watch.check(content.digest, reader) : undefined
  try {
    if ((await pumpBlob(reader, response, parts, check)) === 'gone') return 0
    response.end(tail)
    return lengthBytes
  } catch (error) {
    if (hasCode(error, 'unavailable')) watch.doubt(content.digest, reader.version)
    if (response.headersSent) response.destroy(error as Error)
    throw error
  }
}

/** The row says that the bytes are there, and how many. */
async function openWatched(
  { blobs, watch }: BlobSupply,
  { digest, sizeBytes }: { digest: Digest; sizeBytes: number },
): Promise<BlobReader> {
  const reader = await blobs.openBlob(digest).catch((error: unknown) => {
    throw hasCode(error, 'blob_unknown') ? watch.doubt(digest, 'no bytes') : error
  })
  if (reader.sizeBytes === sizeBytes) return reader
  await reader.close()
  throw watch.doubt(digest, reader.version)
}

function hasCode(error: unknown, code: RegistryError['code']): boolean {
  return error instanceof RegistryError && error.code === code
}

interface Layout {
  /** Undefined: the whole. */
  parts: BlobPart[] | undefined
  type: string
  lengthBytes: number
  tail: Buffer | undefined
}

function layOut({ ranges, sizeBytes }: BlobContent): Layout {
  if (!ranges)
    return { parts: undefined, type: octetStream, lengthBytes: sizeBytes, tail: undefined }
  const [only] = ranges
  if (ranges.length === 1 && only)
    return {
      parts: [only],
      type: octetStream,
      lengthBytes: only.end - only.start + 1,
      tail: undefined,
    }

  // Several ranges travel as multipart/byteranges (RFC 9110, 14.6).
  const boundary = randomBytes(16).toString('hex')
  const parts = ranges.map((range) => ({
    ...range,
    head: Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${octetStream}\r\nContent-Range: bytes ${range.start}-${range.end}/${sizeBytes}\r\n\r\n`,
    ),
  }))
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const lengthBytes = parts.reduce(
    (sum, { head, start, end }) => sum + head.length + end - start + 1,
    tail.length,
  )
  return { parts, type: `multipart/byteranges; boundary=${boundary}`, lengthBytes, tail }
}

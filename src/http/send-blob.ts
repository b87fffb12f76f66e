import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { BlobContent } from '#domain/content.ts'
import type { BlobDriver } from '#storage/driver.ts'
import { pumpBlob, type BlobPart } from '#storage/pump.ts'

const octetStream = 'application/octet-stream'

/**
 * Sends a blob, or the ranges of it that were asked for. When the bytes fail in the middle the connection is
 * destroyed: a client must never take a part for the whole. Gives how many bytes went out.
 */
export async function sendBlob(
  incoming: IncomingMessage,
  response: ServerResponse,
  content: BlobContent,
  blobs: BlobDriver,
): Promise<number> {
  const { parts, type, lengthBytes, tail } = layOut(content)
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', lengthBytes)
  if (incoming.method === 'HEAD') {
    response.end()
    return 0
  }
  const reader = await blobs.openBlob(content.digest)
  try {
    if ((await pumpBlob(reader, response, parts)) === 'gone') return 0
    response.end(tail)
    return lengthBytes
  } catch (error) {
    response.destroy(error as Error)
    throw error
  }
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

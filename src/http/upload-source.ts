import type { IncomingMessage } from 'node:http'

import type { UploadSource } from '#domain/content.ts'
import { RegistryError } from '#domain/errors.ts'

/** Media type of a header, without parameters, in lower case. */
export function mediaTypeOf(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

/** A request's body as handlers take it: never whole in memory, unless they ask for bytes with a limit. */
export function readSource(incoming: IncomingMessage, maxBytes: number): UploadSource {
  const declared = incoming.headers['content-length']
  const lengthBytes = declared === undefined ? undefined : Number(declared)
  return {
    contentType: mediaTypeOf(incoming.headers['content-type']),
    lengthBytes,
    into: (write) => feed(incoming, { lengthBytes, maxBytes }, write),
    async bytes(limitBytes) {
      const chunks: Uint8Array[] = []
      await feed(incoming, { lengthBytes, maxBytes: limitBytes }, async (chunk) => {
        chunks.push(chunk)
      })
      return Buffer.concat(chunks)
    },
  }
}

async function feed(
  incoming: IncomingMessage,
  limits: { lengthBytes: number | undefined; maxBytes: number },
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<number> {
  const tooLarge = () =>
    new RegistryError('payload_too_large', `the body is larger than ${limits.maxBytes} bytes`)
  if ((limits.lengthBytes ?? 0) > limits.maxBytes) throw tooLarge()
  let received = 0
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      received += (chunk as Buffer).length
      if (received > limits.maxBytes) throw tooLarge()
      await write(chunk as Buffer)
    }
  } catch (error) {
    if (error instanceof RegistryError) throw error
    throw new RegistryError('size_invalid', 'the client stopped in the middle of the body', {
      cause: error,
    })
  }
  return received
}

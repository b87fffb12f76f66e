import { connect, type Socket } from 'node:net'

import type { Digest } from '#domain/digest.ts'
import type { Answer, Call } from './client.ts'
import type { TestServer } from './server.ts'
import type { Owner } from './shared.ts'

/** An upload in progress, at the address that the server gave. */
export interface TestUpload {
  location: string
  patch(body: Uint8Array | ReadableStream, range?: string): Promise<Answer>
  put(digest: Digest | string, body?: Uint8Array, range?: string): Promise<Answer>
  /** `[status, Range]`. */
  status(): Promise<[number, string | null]>
}

/** Begins an upload. */
export async function beginUpload({ push, path }: Owner, query = ''): Promise<TestUpload> {
  const { status, headers } = await push('POST', `${path}/blobs/uploads/${query}`)
  if (status !== 202) throw new Error(`no upload in ${path}: ${status}`)
  return uploadAt(push, headers.get('location')!)
}

/** Goes on with an upload, for a caller and at a server of choice. */
export function uploadAt(call: Call, location: string): TestUpload {
  const withRange = (range: string | undefined): Record<string, string> => ({
    'content-type': 'application/octet-stream',
    ...(range === undefined ? {} : { 'content-range': range }),
  })
  return {
    location,
    patch: (body, range) => call('PATCH', location, { headers: withRange(range), body }),
    put: (digest, body, range) =>
      call('PUT', `${location}?digest=${digest}`, {
        headers: withRange(range),
        ...(body === undefined ? {} : { body }),
      }),
    async status() {
      const { status, headers } = await call('GET', location)
      return [status, headers.get('range')]
    },
  }
}

/** Opens a connection and sends the head of a request and the beginning of its body. */
export async function sendPart(
  { url }: TestServer,
  head: readonly string[],
  body: Uint8Array,
): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    socket.write(body, () => resolve())
  })
  return socket
}

/** Bytes of blobs that a server has taken in so far. */
export async function bytesTaken({ call }: TestServer): Promise<number> {
  const { text } = await call('GET', '/metrics')
  return Number(/^portolan_blob_bytes_total\{direction="in"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

/** Asks again until an answer fits; for what happens a moment later in another place. */
export async function eventually<T>(
  ask: () => Promise<T>,
  fits: (value: T) => boolean,
): Promise<T> {
  const giveUpAt = Date.now() + 10_000
  for (;;) {
    const value = await ask()
    if (fits(value) || Date.now() > giveUpAt) return value
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

import type { IncomingMessage } from 'node:http'

import type { UploadSource } from '#domain/content.ts'
import { RegistryError } from '#domain/errors.ts'

/** A client from which nothing comes for so long has gone away; a body that is held in memory must be whole by then. */
const usualTimeoutMs = 25_000

/** Media type of a header, without parameters, in lower case. */
export function mediaTypeOf(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

/** How much of a body is taken, and how long it may take. */
export interface BodyLimits {
  maxBytes: number
  /** 25 seconds when it is left out. */
  timeoutMs?: number | undefined
  /** Hears of each chunk. */
  received?: (bytes: number) => void
}

/** A request's body as handlers take it: never whole in memory, unless they ask for bytes with a limit. */
export function readSource(
  incoming: IncomingMessage,
  { maxBytes, timeoutMs = usualTimeoutMs, received = () => {} }: BodyLimits,
): UploadSource {
  const declared = incoming.headers['content-length']
  const lengthBytes = declared === undefined ? undefined : Number(declared)
  return {
    contentType: mediaTypeOf(incoming.headers['content-type']),
    lengthBytes,
    into: (write) =>
      feed(incoming, { lengthBytes, maxBytes, timeoutMs }, (chunk) => {
        received(chunk.length)
        return write(chunk)
      }),
    async bytes(limitBytes) {
      const chunks: Uint8Array[] = []
      const deadline = performance.now() + timeoutMs
      await feed(incoming, { lengthBytes, maxBytes: limitBytes, timeoutMs }, async (chunk) => {
        if (performance.now() > deadline) throw timedOut(timeoutMs)
        chunks.push(chunk)
      })
      return Buffer.concat(chunks)
    },
  }
}

interface Limits {
  lengthBytes: number | undefined
  maxBytes: number
  timeoutMs: number
}

type Write = (chunk: Uint8Array) => Promise<void>

/** Hands over one chunk at a time; the next is not read before the last has been taken. */
function feed(incoming: IncomingMessage, limits: Limits, write: Write): Promise<number> {
  if ((limits.lengthBytes ?? 0) > limits.maxBytes) return Promise.reject(tooLarge(limits))
  if (incoming.destroyed && !incoming.complete) return Promise.reject(brokenOff())
  return new Promise((resolve, reject) => {
    let received = 0
    let writing: Promise<void> = Promise.resolve()
    let isWriting = false
    // Time that the storage takes is not the client's.
    const timer = setTimeout(
      () => (isWriting ? timer.refresh() : stop(timedOut(limits.timeoutMs))),
      limits.timeoutMs,
    )

    const take = (chunk: Buffer) => {
      received += chunk.length
      if (received > limits.maxBytes) return stop(tooLarge(limits))
      incoming.pause()
      isWriting = true
      writing = write(chunk).then(() => {
        isWriting = false
        timer.refresh()
        incoming.resume()
      })
      writing.catch(stop)
    }
    const end = () => stop(undefined)
    const close = () => stop(incoming.complete ? undefined : brokenOff())
    const stop = async (fault: unknown) => {
      clearTimeout(timer)
      incoming.off('data', take).off('end', end).off('close', close).off('error', close)
      incoming.pause()
      // The chunk under way is settled first, so that whoever counts bytes counts right.
      const failure = await writing.then(
        () => fault,
        (cause: unknown) => fault ?? cause,
      )
      if (failure === undefined) resolve(received)
      else reject(failure as Error)
    }
    incoming.on('data', take).on('end', end).on('close', close).on('error', close)
  })
}

function tooLarge({ maxBytes }: Limits): RegistryError {
  return new RegistryError('payload_too_large', `the body is larger than ${maxBytes} bytes`)
}

function timedOut(timeoutMs: number): RegistryError {
  return new RegistryError(
    'request_timeout',
    `the body did not come within ${timeoutMs / 1000} seconds: send it again`,
  )
}

function brokenOff(): RegistryError {
  return new RegistryError('size_invalid', 'the client stopped in the middle of the body')
}

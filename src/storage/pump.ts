import { RegistryError } from '#domain/errors.ts'
import type { BlobReader } from './driver.ts'
import { createBufferPool } from './buffer-pool.ts'
import { openOutput, type Output, type PumpTarget } from './pump-output.ts'

const bufferBytes = 256 * 1024
const smallBufferBytes = 64 * 1024

/** What all transfers of this process share, 24 MiB at most; whoever finds it empty works with small buffers of his own. */
const pool = createBufferPool(96, () => Buffer.allocUnsafeSlow(bufferBytes))

/** A piece of a blob to send: bytes `start` to `end`, both inclusive, after `head` (of a multipart body) when there is one. */
export interface BlobPart {
  start: number
  end: number
  head?: Uint8Array
}

/** Looks at every byte of a whole blob on its way out. */
export interface TransferCheck {
  /** Takes the next bytes; the buffer is used again afterwards. */
  update(bytes: Uint8Array): void
  /** Called when the last byte was seen and before it is sent. What it throws ends the transfer there. */
  finish(): void
}

/**
 * Sends a blob, or the given parts of it in order, and closes the reader whatever happens. It does not end
 * `target`. A check sees the bytes of a whole blob; one that fails keeps the last buffer from the client, and of a
 * blob that fits into one buffer everything. While one buffer is on its way to the client the other is filled; a buffer is used again only
 * after its write has been confirmed, so a slow client holds the reading back.
 *
 * Gives `gone` when the client went away before the end. Throws `unavailable` when the bytes cannot be read
 * or end early: headers are out by then, so the caller destroys the connection rather than end it short.
 */
export async function pumpBlob(
  reader: BlobReader,
  target: PumpTarget,
  parts?: readonly BlobPart[],
  check?: TransferCheck,
): Promise<'sent' | 'gone'> {
  const output = openOutput(target)
  try {
    for (const part of parts ?? wholeOf(reader)) {
      if (part.head && !(await output.write(part.head))) return 'gone'
      if (!(await pumpPart(reader, output, { part, check }))) return 'gone'
    }
    return 'sent'
  } finally {
    output.release()
    await reader.close()
  }
}

function wholeOf({ sizeBytes }: BlobReader): BlobPart[] {
  return sizeBytes === 0 ? [] : [{ start: 0, end: sizeBytes - 1 }]
}

async function pumpPart(
  reader: BlobReader,
  output: Output,
  { part, check }: { part: BlobPart; check: TransferCheck | undefined },
): Promise<boolean> {
  const buffers = [takeBuffer()]
  let settled = false
  try {
    let position = part.start
    let filled = await next(buffers[0]!)
    for (let turn = 1; ; turn ^= 1) {
      const writing = output.write(filled)
      position += filled.byteLength
      if (position > part.end) return (settled = await writing)
      filled = await next((buffers[turn] ??= takeBuffer()))
      if (!(await writing)) return false
    }

    async function next(buffer: Buffer): Promise<Buffer> {
      const bytes = await fill(reader, buffer, position, part.end)
      check?.update(bytes)
      if (position + bytes.byteLength > part.end) check?.finish()
      return bytes
    }
  } finally {
    for (const buffer of buffers) returnBuffer(buffer, settled)
  }
}

function takeBuffer(): Buffer {
  return pool.take() ?? Buffer.allocUnsafeSlow(smallBufferBytes)
}

/** Of a transfer that broke off, the socket may still hold the buffer: the next client must not write into it. */
function returnBuffer(buffer: Buffer, settled: boolean): void {
  if (buffer.length === smallBufferBytes) return
  if (settled) pool.give(buffer)
  else pool.drop()
}

async function fill(reader: BlobReader, buffer: Buffer, position: number, end: number) {
  const wanted = Math.min(buffer.byteLength, end + 1 - position)
  const count = await reader.read(
    wanted === buffer.byteLength ? buffer : buffer.subarray(0, wanted),
    position,
  )
  if (count > 0) return buffer.subarray(0, count)
  throw new RegistryError('unavailable', `the blob ends at byte ${position}, before byte ${end}`)
}

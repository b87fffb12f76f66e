import type { ByteRange } from './content.ts'
import { RegistryError } from './errors.ts'

/** More ranges than this are served as the whole: nobody honest asks so. */
const maxRanges = 16

/**
 * Reads a `Range` header (RFC 9110, 14.2) against a size. Undefined: the whole is to be sent, because there
 * is no range or one that this header does not mean. Throws `range_invalid` when none of them fits.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange[] | undefined {
  const [, list] = /^bytes=(.+)$/i.exec(header ?? '') ?? []
  if (list === undefined) return undefined
  const specs = list.split(',').map((spec) => spec.trim())
  if (specs.length > maxRanges) return undefined
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const [, first, last] = /^(\d*)-(\d*)$/.exec(spec) ?? []
    if (first === undefined || last === undefined || (first === '' && last === ''))
      throw unsatisfiable(sizeBytes)
    const range = readSpec(first, last, sizeBytes)
    if (range) ranges.push(range)
  }
  if (ranges.length === 0) throw unsatisfiable(sizeBytes)
  return overlap(ranges) ? undefined : ranges
}

function readSpec(first: string, last: string, sizeBytes: number): ByteRange | undefined {
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    return length === 0 ? undefined : { start: sizeBytes - length, end: sizeBytes - 1 }
  }
  const start = Number(first)
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  return start < sizeBytes && start <= end ? { start, end } : undefined
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const sorted = ranges.toSorted((a, b) => a.start - b.start)
  return sorted.some((range, index) => index > 0 && range.start <= sorted[index - 1]!.end)
}

function unsatisfiable(sizeBytes: number): RegistryError {
  return new RegistryError(
    'range_invalid',
    `the content has ${sizeBytes} bytes; the range lies outside of it`,
    {
      headers: { 'Content-Range': `bytes */${sizeBytes}` },
    },
  )
}

/** A chunk's place in an upload. */
export interface ChunkRange {
  start: number
  end: number
}

/** Reads the `Content-Range` of a chunk: `START-END`, inclusive, without a unit (OCI). Throws `blob_upload_invalid`. */
export function parseChunkRange(header: string | undefined): ChunkRange | undefined {
  if (header === undefined) return undefined
  const [, start, end] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header) ?? []
  if (start === undefined || end === undefined || Number(end) < Number(start))
    throw new RegistryError(
      'blob_upload_invalid',
      `'${header.slice(0, 60)}' is not a chunk's range: expected START-END, both inclusive`,
    )
  return { start: Number(start), end: Number(end) }
}

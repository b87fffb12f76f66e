import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { RegistryError } from '#domain/errors.ts'
import { parseChunkRange, parseRange } from '#domain/range.ts'

const size = fc.integer({ min: 0, max: 10_000 })
const position = fc.integer({ min: 0, max: 20_000 })

/** What a header gives: ranges, undefined for the whole, or the code of the refusal. */
function read(header: string | undefined, sizeBytes: number) {
  return attempt(() => parseRange(header, sizeBytes))
}

function attempt<T>(work: () => T): T | string {
  try {
    return work()
  } catch (error) {
    return (error as RegistryError).code
  }
}

test('from-to gives exactly the bytes that are there', () => {
  fc.assert(
    fc.property(size, position, position, (sizeBytes, first, last) => {
      const fits = first <= last && first < sizeBytes
      expect(read(`bytes=${first}-${last}`, sizeBytes)).toEqual(
        fits ? [{ start: first, end: Math.min(last, sizeBytes - 1) }] : 'range_invalid',
      )
    }),
  )
})

test('an open range goes to the end, and a suffix is counted from it', () => {
  fc.assert(
    fc.property(size, position, (sizeBytes, count) => {
      const end = sizeBytes - 1
      expect(read(`bytes=${count}-`, sizeBytes)).toEqual(
        count < sizeBytes ? [{ start: count, end }] : 'range_invalid',
      )
      expect(read(`bytes=-${count}`, sizeBytes)).toEqual(
        count > 0 && sizeBytes > 0
          ? [{ start: Math.max(0, sizeBytes - count), end }]
          : 'range_invalid',
      )
    }),
  )
})

const spec = fc.oneof(
  fc.tuple(position, position).map(([first, last]) => `${first}-${last}`),
  position.map((first) => `${first}-`),
  position.map((count) => `-${count}`),
)

test('whatever several ranges ask for, what is given lies in the content and nothing is given twice', () => {
  fc.assert(
    fc.property(size, fc.array(spec, { minLength: 1, maxLength: 20 }), (sizeBytes, specs) => {
      const ranges = read(`bytes=${specs.join(', ')}`, sizeBytes)
      fc.pre(Array.isArray(ranges))
      const given = (ranges as { start: number; end: number }[]).flatMap(({ start, end }) =>
        Array.from({ length: end - start + 1 }, (_, index) => start + index),
      )
      expect(ranges.length).toBeLessThanOrEqual(16)
      expect(given.length).toBeGreaterThan(0)
      expect(new Set(given).size).toBe(given.length)
      expect(given.every((byte) => byte >= 0 && byte < sizeBytes)).toBe(true)
    }),
  )
})

test('a refusal says how large the content is', () => {
  expect(() => parseRange('bytes=9-', 5)).toThrow(
    expect.objectContaining({
      code: 'range_invalid',
      options: { headers: { 'Content-Range': 'bytes */5' } },
    }),
  )
})

test('text of any kind gives ranges, the whole, or a refusal, and never another error', () => {
  fc.assert(
    fc.property(fc.string(), size, (text, sizeBytes) => {
      for (const header of [text, `bytes=${text}`])
        expect([true, 'range_invalid', undefined]).toContain(
          Array.isArray(read(header, sizeBytes)) || read(header, sizeBytes),
        )
    }),
  )
})

test('no range, another unit, an overlap or too many give the whole', () => {
  for (const header of [undefined, '', 'items=0-1', 'bytes', 'bytes=0-5,3-8', 'bytes=0-,-1'])
    expect(parseRange(header, 100)).toBeUndefined()
  const many = Array.from({ length: 17 }, (_, index) => `${index * 2}-${index * 2}`)
  expect(parseRange(`bytes=${many.join()}`, 100)).toBeUndefined()
  expect(parseRange(`bytes=${many.slice(1).join()}`, 100)).toHaveLength(16)
})

test('a chunk’s range is read with and without a unit and a size', () => {
  fc.assert(
    fc.property(position, fc.nat({ max: 20_000 }), (start, more) => {
      const end = start + more
      for (const text of [`${start}-${end}`, `bytes ${start}-${end}/*`, `${start}-${end}/99999`])
        expect(parseChunkRange(text)).toEqual({ start, end })
      expect(attempt(() => parseChunkRange(`${end + 1}-${start}`))).toBe('blob_upload_invalid')
    }),
  )
  expect(parseChunkRange(undefined)).toBeUndefined()
})

test('text that is no chunk’s range is refused', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/\d-\d/.test(text))
      expect(attempt(() => parseChunkRange(text))).toBe('blob_upload_invalid')
    }),
  )
})

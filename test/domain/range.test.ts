import fc from 'fast-check'
import { expect, test } from 'vitest'

import { RegistryError } from '#domain/errors.ts'
import { parseChunkRange, parseRange } from '#domain/range.ts'

const size = fc.integer({ min: 0, max: 10_000 })
const position = fc.integer({ min: 0, max: 20_000 })

/** The code of what is thrown. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as RegistryError).code
  }
}

test('from-to gives exactly the bytes that are there', () => {
  fc.assert(
    fc.property(size, position, position, (sizeBytes, first, last) => {
      const read = () => parseRange(`bytes=${first}-${last}`, sizeBytes)
      if (first > last || first >= sizeBytes) expect(codeOf(read)).toBe('range_invalid')
      else expect(read()).toEqual([{ start: first, end: Math.min(last, sizeBytes - 1) }])
    }),
  )
})

test('an open range goes to the end, and a suffix is counted from it', () => {
  fc.assert(
    fc.property(size, position, (sizeBytes, count) => {
      const open = () => parseRange(`bytes=${count}-`, sizeBytes)
      if (count >= sizeBytes) expect(codeOf(open)).toBe('range_invalid')
      else expect(open()).toEqual([{ start: count, end: sizeBytes - 1 }])
      const suffix = () => parseRange(`bytes=-${count}`, sizeBytes)
      if (count === 0 || sizeBytes === 0) expect(codeOf(suffix)).toBe('range_invalid')
      else expect(suffix()).toEqual([{ start: Math.max(0, sizeBytes - count), end: sizeBytes - 1 }])
    }),
  )
})

const spec = fc.oneof(
  fc.tuple(position, position).map(([first, last]) => `${first}-${last}`),
  position.map((first) => `${first}-`),
  position.map((count) => `-${count}`),
)

test('whatever several ranges ask for, what is given lies in the content, apart, and in their order', () => {
  fc.assert(
    fc.property(size, fc.array(spec, { minLength: 1, maxLength: 20 }), (sizeBytes, specs) => {
      let ranges
      try {
        ranges = parseRange(`bytes=${specs.join(', ')}`, sizeBytes)
      } catch (error) {
        expect((error as RegistryError).options.headers).toEqual({
          'Content-Range': `bytes */${sizeBytes}`,
        })
        return
      }
      if (!ranges) return
      expect(ranges.length).toBeLessThanOrEqual(16)
      const taken = new Set<number>()
      for (const { start, end } of ranges) {
        expect(start).toBeGreaterThanOrEqual(0)
        expect(end).toBeGreaterThanOrEqual(start)
        expect(end).toBeLessThan(sizeBytes)
        for (let byte = start; byte <= end; byte += 1) {
          if (taken.has(byte)) throw new Error(`byte ${byte} is given twice`)
          taken.add(byte)
        }
      }
    }),
  )
})

test('text of any kind gives ranges, the whole, or a refusal, and never another error', () => {
  fc.assert(
    fc.property(fc.string(), size, (text, sizeBytes) => {
      for (const header of [text, `bytes=${text}`])
        expect(['range_invalid', undefined]).toContain(codeOf(() => parseRange(header, sizeBytes)))
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
      if (more > 0)
        expect(codeOf(() => parseChunkRange(`${end}-${start}`))).toBe('blob_upload_invalid')
    }),
  )
  expect(parseChunkRange(undefined)).toBeUndefined()
})

test('text that is no chunk’s range is refused', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/\d-\d/.test(text))
      expect(codeOf(() => parseChunkRange(text))).toBe('blob_upload_invalid')
    }),
  )
})

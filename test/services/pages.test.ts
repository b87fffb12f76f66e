import fc from 'fast-check'
import { expect, test } from 'vitest'

import { pages, pairs } from '#services/pages.ts'
import { collect } from '#test/storage/bytes.ts'

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
const sorted = fc.uniqueArray(fc.string({ maxLength: 3 })).map((items) => items.toSorted(byBytes))
const byBytes = (a: string, b: string) => (a < b ? -1 : 1)
const self = (item: string) => item

test('pages gives every item once, in order, whatever the size of a page', async () => {
  await fc.assert(
    fc.asyncProperty(sorted, fc.integer({ min: 1, max: 5 }), async (items, limit) => {
      const read = async (after: string | undefined, count: number) =>
        items.filter((item) => after === undefined || item > after).slice(0, count)
      expect(await collect(pages(read, limit))).toEqual(items)
    }),
  )
})

test('pairs puts together what is on both sides, and gives the rest alone, in order', async () => {
  await fc.assert(
    fc.asyncProperty(sorted, sorted, async (left, right) => {
      const expected = [...new Set([...left, ...right])].toSorted(byBytes).map((item) => {
        if (!left.includes(item)) return { right: item }
        return right.includes(item) ? { left: item, right: item } : { left: item }
      })
      const keys = { left: self, right: self }
      expect(await collect(pairs(each(left), each(right), keys))).toEqual(expected)
    }),
  )
})

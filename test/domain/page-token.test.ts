import fc from 'fast-check'
import { expect, test } from 'vitest'

import { readPageToken, writePageToken } from '#handlers/v1/page-token.ts'

test('a token leads back to the id that it was made of', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (id) => {
      expect(readPageToken(writePageToken(id))).toBe(id)
    }),
  )
})

test('no token, and whatever is none, leads to the first page', () => {
  expect(readPageToken(undefined)).toBe(0)
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(readPageToken(text)).toBe(0)
    }),
  )
})

test.each([-1, 0, 1.5, 2 ** 60, '7', null, [7], { after: 7 }])(
  'a token made up with after = %j leads to the first page',
  (after) => {
    const token = Buffer.from(JSON.stringify({ after })).toString('base64url')
    expect(readPageToken(token)).toBe(0)
  },
)

test('a token goes into a query as it is', () => {
  expect(writePageToken(123_456)).toMatch(/^[\w-]+$/)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { epochSeconds, rfcDate } from '#domain/date.ts'

test('a date is written as Quay writes it: RFC 2822 in UTC, with -0000', () => {
  expect(rfcDate(new Date('2020-01-01T00:00:00Z'))).toBe('Wed, 01 Jan 2020 00:00:00 -0000')
  expect(rfcDate(new Date('1999-12-31T23:59:58.999Z'))).toBe('Fri, 31 Dec 1999 23:59:58 -0000')
})

test('a written date reads back as the same second', () => {
  const anyDate = fc.date({
    min: new Date('1970-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(anyDate, (date) => {
      expect(Date.parse(rfcDate(date)) / 1000).toBe(epochSeconds(date))
    }),
  )
})

test('seconds since 1970 are whole and never ahead of the time', () => {
  expect(epochSeconds(new Date(1_577_836_800_999))).toBe(1_577_836_800)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { signInWaitMs } from '#domain/lockout.ts'

const failedAt = new Date('2020-01-01T00:00:00Z')
const wait = (failures: number, afterMs = 0) =>
  signInWaitMs({
    failures,
    lastFailureAt: failures === 0 ? null : failedAt,
    at: new Date(failedAt.getTime() + afterMs),
  })

test('an account without wrong passwords never waits', () => {
  expect(wait(0)).toBe(0)
})

test('each wrong password about doubles the wait: half a second times 2^n - 1', () => {
  expect([1, 2, 3, 5, 10].map((failures) => wait(failures))).toEqual([
    500, 1500, 3500, 15_500, 511_500,
  ])
})

test('the wait runs down from the last wrong password and is never negative', () => {
  expect(wait(2, 1000)).toBe(500)
  expect(wait(2, 1500)).toBe(0)
  expect(wait(2, 90_000)).toBe(0)
})

test('nobody waits longer than an hour, however many wrong passwords there were', () => {
  fc.assert(
    fc.property(fc.nat(2_000_000), fc.nat(10_000_000), (failures, afterMs) => {
      expect(wait(failures, afterMs)).toBeLessThanOrEqual(3_600_000)
    }),
  )
  expect(wait(1000)).toBe(3_600_000)
})

test('a further wrong password never shortens the wait', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.nat(4_000_000), (failures, afterMs) => {
      expect(wait(failures + 1, afterMs)).toBeGreaterThanOrEqual(wait(failures, afterMs))
    }),
  )
})

import { expect, test } from 'vitest'

import { coverageFaults, type Coverage } from './coverage.ts'

const declared = ['getTag 200', 'getTag 404', 'getTag 500']
const complete: Coverage = {
  declared,
  report: { ran: ['getTag 200', 'getTag 404'], failed: {} },
  reasons: { '* 500': 'no request brings it about' },
  before: undefined,
}
const withReason = (pair: string, ran: string[]): Coverage => ({
  ...complete,
  report: { ran, failed: {} },
  reasons: { ...complete.reasons, [pair]: 'because' },
})

test('a pair that was not run needs a reason', () => {
  expect(coverageFaults(complete)).toEqual([])
  expect(coverageFaults({ ...complete, report: { ran: ['getTag 200'], failed: {} } })).toEqual([
    'getTag 404: not run: write a fixture, or a reason in reasons.json if no request can bring it about',
  ])
  expect(coverageFaults(withReason('getTag 404', ['getTag 200']))).toEqual([])
})

test('a reason for a pair that was run or is not declared is a fault', () => {
  expect(coverageFaults(withReason('getTag 404', complete.report.ran))).toEqual([
    'getTag 404: was run, so its reason is stale',
  ])
  expect(coverageFaults(withReason('getTag 409', complete.report.ran))).toEqual([
    'getTag 409: has a reason, but is not declared',
  ])
})

test('only an operation that was not there before may come with a reason', () => {
  const { reasons, ...current } = withReason('getTag 404', ['getTag 200'])
  const [fault] = coverageFaults({ ...current, reasons, before: { declared, reasons: {} } })
  expect(fault).toBe('getTag 404: an operation that was there before may gain no reason')
  expect(coverageFaults({ ...current, reasons, before: { declared, reasons } })).toEqual([])
  expect(coverageFaults({ ...current, reasons, before: { declared: [], reasons: {} } })).toEqual([])
})

test('what failed is told, once', () => {
  const report = { ran: ['getTag 200'], failed: { 'getTag 404': ['answered 500'] } }
  expect(coverageFaults({ ...complete, report })).toEqual(['getTag 404: answered 500'])
})

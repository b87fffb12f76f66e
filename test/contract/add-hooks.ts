import { writeFileSync } from 'node:fs'

import { contractViolations } from '#test/support/contract.ts'
import type { DreddHooks, Transaction } from './dredd.ts'
import { applyRequest, findRequest, pairOf, sendByHand } from './request.ts'
import { reportVariable, stageVariable, type Report, type Stage } from './stage.ts'
import { openWorld } from './world.ts'

/** Puts fixtures before dredd's requests, and our own check against the documents behind them. */
export function addHooks(hooks: DreddHooks): void {
  const stage = JSON.parse(process.env[stageVariable]!) as Stage
  const world = openWorld(stage)
  const report: Report = { ran: [], failed: {} }
  const ran = new Set<string>()

  hooks.beforeEach(
    hook(async (transaction) => {
      const sent = await findRequest(transaction, world)
      if (sent) applyRequest(transaction, sent, stage)
      else transaction.skip = true
      if (sent && (sent.unfinished || transaction.request.method === 'HEAD'))
        await sendByHand(transaction, sent)
    }),
  )
  hooks.beforeEachValidation(
    hook(async ({ real, expected }) => {
      // Dredd would compare the body with the example, and every declared header as if it were required.
      const { 'Content-Type': type } = expected.headers
      expected.headers = type === undefined ? {} : { 'Content-Type': type }
      delete expected.body
      const found = real!.headers['content-type']
      if (typeof found === 'string') real!.headers['content-type'] = found.split(';', 1)[0]!
    }),
  )
  hooks.afterEach(
    hook(async (transaction) => {
      world.tidy()
      const pair = pairOf(transaction)
      const faults = faultsOf(transaction)
      if (faults.length > 0) {
        transaction.fail = faults.join('; ')
        report.failed[pair] = [...(report.failed[pair] ?? []), ...faults]
      } else if (transaction.real) ran.add(pair)
    }),
  )
  hooks.afterAll((_, done) => {
    report.ran = [...ran].filter((pair) => !report.failed[pair]).toSorted()
    writeFileSync(process.env[reportVariable]!, JSON.stringify(report))
    done()
  })
}

/** A rejection fails the transaction; dredd itself knows nothing of promises. */
function hook(work: (transaction: Transaction) => Promise<void>) {
  return (transaction: Transaction, done: () => void) => {
    work(transaction)
      .catch((error: unknown) => {
        transaction.fail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      })
      .finally(done)
  }
}

/** What is wrong with an answer, to dredd and to our own reading of the document. */
function faultsOf(transaction: Transaction): string[] {
  const { real, request, fullPath, expected, fail, skip, test } = transaction
  if (fail) return [fail]
  if (!real) return skip ? [] : ['no answer came']
  const headers = new Headers()
  for (const [name, value] of Object.entries(real.headers))
    for (const each of [value].flat()) headers.append(name, each)
  const body = Buffer.from(real.body ?? '', real.bodyEncoding ?? 'utf8')
  const hasStatus = String(real.statusCode) === expected.statusCode
  return [
    ...(hasStatus ? [] : [`answered ${real.statusCode}: ${body.toString().slice(0, 300)}`]),
    ...(hasStatus && test?.status === 'fail' ? [test.message] : []),
    ...contractViolations({
      method: request.method,
      path: fullPath,
      status: real.statusCode,
      headers,
      body,
    }),
  ]
}

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { text } from 'node:stream/consumers'

import { contractViolations } from '#test/support/contract.ts'
import { findOperation, pathExamples } from './documents.ts'
import type { DreddHooks, Transaction } from './dredd.ts'
import type { Fixture, Sent, Wanted } from './fixture.ts'
import { fixtures } from './fixtures.ts'
import { applyRule } from './rules.ts'
import { reportVariable, stageVariable, type Report, type Stage } from './stage.ts'
import { openWorld, type World } from './world.ts'

/** Puts fixtures before dredd's requests, and our own check against the documents behind them. */
export function addHooks(hooks: DreddHooks): void {
  const stage = JSON.parse(process.env[stageVariable]!) as Stage
  const world = openWorld(stage)
  const report: Report = { ran: [], failed: {} }
  const ran = new Set<string>()

  hooks.beforeEach(
    hook(async (transaction) => {
      const sent = await findRequest(transaction, world)
      if (sent) apply(transaction, sent, stage)
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

function pairOf({ origin, request, expected }: Transaction): string {
  const { operationId } = findOperation(origin.resourceName, request.method)
  return `${operationId} ${expected.statusCode}`
}

/** The request of the pair's own fixture, or of a rule for its status; undefined when there is neither. */
async function findRequest(transaction: Transaction, world: World): Promise<Sent | undefined> {
  const pair = pairOf(transaction)
  const [operationId = '', status = ''] = pair.split(' ')
  const wanted: Wanted = {
    operationId,
    requestType: transaction.request.headers['Content-Type'] ?? '',
    responseType: transaction.expected.headers['Content-Type'] ?? '',
  }
  const fixture = fixtures[pair]
  if (fixture) return fixture(world, wanted)
  const success = successOf(operationId)
  return success && applyRule({ operationId, status: Number(status), success }, world, wanted)
}

function successOf(operationId: string): Fixture | undefined {
  const [pair] = Object.keys(fixtures).filter((each) => each.startsWith(`${operationId} 2`))
  return pair === undefined ? undefined : fixtures[pair]
}

function apply(transaction: Transaction, sent: Sent, stage: Stage): void {
  const { request, origin } = transaction
  const template = origin.resourceName
  const server = new URL(stage.servers[sent.server ?? 'main'])
  transaction.host = server.hostname
  transaction.port = server.port
  transaction.fullPath = pathOf(template, sent, findOperation(template, request.method))
  const headers = new Map<string, string>()
  for (const [name, value] of [
    ...Object.entries(request.headers),
    ...Object.entries(sent.headers ?? {}),
  ])
    headers.set(name.toLowerCase(), value)
  request.headers = Object.fromEntries(headers)
  if (sent.body === undefined) return
  const { body } = sent
  const bytes =
    body instanceof Uint8Array ? body : typeof body === 'string' ? body : JSON.stringify(body)
  request.body = Buffer.from(bytes as string).toString('base64')
  request.bodyEncoding = 'base64'
}

function pathOf(template: string, sent: Sent, operation: Parameters<typeof pathExamples>[1]) {
  const values = { ...pathExamples(template, operation), ...sent.path }
  const path = template.replaceAll(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name]!),
  )
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(sent.query ?? {}))
    for (const each of [value].flat()) query.append(name, each)
  return query.size > 0 ? `${path}?${query}` : path
}

/** Dredd cannot send HEAD, nor half a body: that is sent here, and dredd skips it. */
async function sendByHand(transaction: Transaction, { unfinished }: Sent): Promise<void> {
  const { host, port, fullPath: path, request } = transaction
  const { method } = request
  const outgoing = http.request({ host, port, path, method, headers: request.headers })
  if (unfinished) {
    outgoing.setHeader('content-length', 1_000)
    outgoing.write(' ')
  } else outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [http.IncomingMessage]
  transaction.real = {
    statusCode: response.statusCode!,
    headers: response.headers as Record<string, string>,
    body: await text(response),
  }
  outgoing.destroy()
  transaction.skip = true
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

import { once } from 'node:events'
import http from 'node:http'
import { text } from 'node:stream/consumers'

import { findOperation, pathExamples } from './documents.ts'
import type { Transaction } from './dredd.ts'
import type { Fixture, Sent, Wanted } from './fixture.ts'
import { fixtures } from './fixtures.ts'
import { applyRule } from './rules.ts'
import type { Stage } from './stage.ts'
import type { World } from './world.ts'

/** `operationId status` of what dredd is about to try. */
export function pairOf({ origin, request, expected }: Transaction): string {
  const { operationId } = findOperation(origin.resourceName, request.method)
  return `${operationId} ${expected.statusCode}`
}

/** The request of the pair's own fixture, or of a rule for its status; undefined when there is neither. */
export async function findRequest(
  transaction: Transaction,
  world: World,
): Promise<Sent | undefined> {
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

/** The fixture of the success; of a form that only leads on, that of the redirect. */
function successOf(operationId: string): Fixture | undefined {
  const pair = ['2', '302']
    .map((status) =>
      Object.keys(fixtures).find((each) => each.startsWith(`${operationId} ${status}`)),
    )
    .find((found) => found !== undefined)
  return pair === undefined ? undefined : fixtures[pair]
}

/** Makes the request dredd's. */
export function applyRequest(transaction: Transaction, sent: Sent, stage: Stage): void {
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
export async function sendByHand(transaction: Transaction, { unfinished }: Sent): Promise<void> {
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

import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What came back over a socket. */
export interface RawAnswer {
  status: number
  headers: Headers
  body: Buffer
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  json: any
}

/** A request as it goes over the wire; nothing of it is normalised. */
export interface RawRequest {
  method: string
  /** Path and query, or whatever shall stand in the request line. */
  target: string
  headers?: Record<string, string>
  /** Adds Content-Length. */
  body?: string | Uint8Array
}

/** Nothing may take longer. */
const patienceMs = 30_000

/** Bytes of a request that wants the connection closed after it. */
export function toBytes(host: string, { method, target, headers = {}, body }: RawRequest): Buffer {
  const lines = { host, connection: 'close', ...headers }
  const bytes = body === undefined ? undefined : Buffer.from(body)
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...Object.entries(lines).map(([name, value]) => `${name}: ${value}`),
    ...(bytes ? [`content-length: ${bytes.length}`] : []),
  ]
  return Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'),
    bytes ?? Buffer.of(),
  ])
}

/**
 * Writes pieces into a new connection, each after a pause, and gives every answer that came until the other
 * side closed it. Fails when it stays open for 30 seconds.
 */
export async function sendBytes(
  host: string,
  pieces: readonly (string | Uint8Array)[],
  { pauseMs = 0, head = false }: { pauseMs?: number; head?: boolean } = {},
): Promise<RawAnswer[]> {
  const [name, port] = host.split(':')
  const socket = connect({ host: name!, port: Number(port) })
  const received: Buffer[] = []
  let isOver = false
  const closed = new Promise<void>((resolve, reject) => {
    socket.setTimeout(patienceMs, () => {
      socket.destroy()
      reject(new Error(`no end after ${patienceMs} ms: ${Buffer.concat(received).toString()}`))
    })
    socket.on('data', (chunk: Buffer) => received.push(chunk))
    // A reset after the answer is the other side's right: it does not read what it has refused.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      isOver = true
      resolve()
    })
  })
  for (const piece of pieces) {
    if (isOver) break
    socket.write(piece)
    if (pauseMs > 0) await Promise.race([delay(pauseMs), closed])
  }
  await closed
  return parseAnswers(Buffer.concat(received), head)
}

/** Sends one request and gives its one answer. */
export async function sendRaw(host: string, request: RawRequest): Promise<RawAnswer> {
  const answers = await sendBytes(host, [toBytes(host, request)], {
    head: request.method === 'HEAD',
  })
  const [answer] = answers
  if (!answer) throw new Error(`${request.method} ${request.target.slice(0, 200)}: no answer`)
  return answer
}

function parseAnswers(bytes: Buffer, isHead: boolean): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = bytes
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) throw new Error(`an answer without an end of its head: ${rest.toString()}`)
    const [statusLine = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1])
    const headers = new Headers(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon), line.slice(colon + 1).trim()]
      }),
    )
    const hasBody = !isHead && ![204, 304].includes(status)
    const length = hasBody ? Number(headers.get('content-length') ?? 0) : 0
    const body = rest.subarray(end + 4, end + 4 + length)
    if (body.length < length) throw new Error(`an answer broke off: ${rest.toString()}`)
    rest = rest.subarray(end + 4 + length)
    if (status !== 100) answers.push({ status, headers, body, json: parse(body) })
  }
  return answers
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

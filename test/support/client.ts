import { contractViolations } from './contract.ts'

/** What a call answered; its body has been read. */
export interface Answer {
  status: number
  headers: Headers
  bytes: Uint8Array
  text: string
  /** The body as JSON; undefined when it is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  json: any
}

export interface CallOptions {
  headers?: Record<string, string>
  /** Values are sent as JSON; bytes, text and streams as they are. */
  body?: unknown
  redirect?: 'manual' | 'follow'
}

/** Makes a call, and fails the test when the answer breaks its document. */
export type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>

/** Calls a server; `identity` gives the headers that say who is asking. */
export function makeCall(
  baseUrl: string,
  identity: (
    method: string,
  ) => Record<string, string> | Promise<Record<string, string>> = () => ({}),
): Call {
  return async (method, path, { headers = {}, body, redirect = 'manual' } = {}) => {
    const isRaw =
      typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
    const sent = {
      ...(body !== undefined && !isRaw ? { 'content-type': 'application/json' } : {}),
      ...(await identity(method)),
      ...headers,
    }
    const response = await fetch(baseUrl + path, {
      method,
      headers: sent,
      redirect,
      ...(body === undefined ? {} : { body: (isRaw ? body : JSON.stringify(body)) as never }),
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    } as RequestInit)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const violations = contractViolations({
      method,
      path,
      status: response.status,
      headers: response.headers,
      body: bytes,
    })
    if (violations.length > 0) throw new Error(`${method} ${path}: ${violations.join('; ')}`)
    const text = Buffer.from(bytes).toString('utf8')
    return { status: response.status, headers: response.headers, bytes, text, json: parse(text) }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Status and error code of an answer: `[204]`, `[404, 'not_found']`, `[401, 'UNAUTHORIZED']`. */
export async function outcome(answer: Answer | Promise<Answer>): Promise<[number, string?]> {
  const { status, json } = await answer
  const code = json?.error_type ?? json?.errors?.[0]?.code ?? json?.error
  return status >= 400 && code ? [status, code] : [status]
}

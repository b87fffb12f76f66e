import { Agent, request as sendRequest } from 'node:http'

import { contractViolations } from '#test/support/contract.ts'
import type { Request } from './operations.ts'

/** An answer, read to its end. */
export interface Answer {
  status: number
  headers: Headers
  text: string
  /** Error code of the body; empty when it has none. */
  code: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 })

/** Kinds of answers that have been held against their document. */
const checked = new Set<string>()

/**
 * Makes a call. The matrix makes ten thousand of them, so it goes without `fetch`, and each kind of answer of
 * an operation (status and code) is held against the document once. Throws when it breaks it.
 */
export async function send(
  baseUrl: string,
  identity: Readonly<Record<string, string>>,
  { operationId, method, path, body, contentType }: Request,
): Promise<Answer> {
  const headers = {
    ...identity,
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(body === undefined ? {} : { 'content-length': body.length }),
  }
  const { status, raw, bytes } = await exchange(baseUrl + path, { method, headers, agent }, body)
  const text = bytes.toString('utf8')
  const answer = { status, headers: new Headers(raw), text, code: codeOf(text) }
  const kind = `${operationId} ${status} ${answer.code}`
  if (checked.has(kind)) return answer
  checked.add(kind)
  const faults = contractViolations({ method, path, status, headers: answer.headers, body: bytes })
  if (faults.length > 0) throw new Error(`breaks its document: ${faults.join('; ')}`)
  return answer
}

async function exchange(url: string, options: object, body: Buffer | undefined) {
  return new Promise<{ status: number; raw: [string, string][]; bytes: Buffer }>(
    (resolve, reject) => {
      const call = sendRequest(url, options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => {
          const raw: [string, string][] = []
          for (let index = 0; index < response.rawHeaders.length; index += 2)
            raw.push([response.rawHeaders[index]!, response.rawHeaders[index + 1]!])
          resolve({ status: response.statusCode ?? 0, raw, bytes: Buffer.concat(chunks) })
        })
      })
      call.once('error', reject)
      call.end(body)
    },
  )
}

function codeOf(text: string): string {
  if (!text.startsWith('{')) return ''
  const body = JSON.parse(text)
  return body.error_type ?? body.errors?.[0]?.code ?? body.error ?? ''
}

import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

import { errorCodes, type ErrorCode } from '#domain/errors.ts'

/** What the parser says of a request that it could not read. */
type ParserError = NodeJS.ErrnoException & { reason?: string }

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** A client gets so long to read why it was refused. */
const lingerMs = 2_000

/** Answers what the parser could not read, and closes the connection: where the next request begins is unknown. */
export function refuseBrokenRequest(error: ParserError, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET' || isAnswering(socket)) {
    socket.destroy()
    return
  }
  const code = codes[error.code ?? ''] ?? 'invalid_request'
  refuse(
    socket,
    code,
    code === 'invalid_request'
      ? `this is not a request of HTTP/1.1: ${error.reason ?? error.message}`
      : errorCodes[code].description,
  )
}

/** Answers CONNECT, which the parser takes out of the usual way: the registry is no proxy. */
export function refuseTunnel(_: unknown, socket: Duplex): void {
  socket.on('error', () => socket.destroy())
  refuse(socket, 'method_not_allowed', 'CONNECT is not taken: this is a registry, not a proxy')
}

/** An answer is on its way already: other bytes between its own would only spoil it. */
function isAnswering(socket: Duplex): boolean {
  // oxlint-disable-next-line no-underscore-dangle -- Node's own; there is no public way to ask
  return (socket as { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent === true
}

/** There is no path that could be trusted, so it is said in the words of both faces. */
function refuse(socket: Duplex, code: ErrorCode, message: string): void {
  const { status, ociCode } = errorCodes[code]
  const body = JSON.stringify({
    errors: [{ code: ociCode, message }],
    detail: message,
    message,
    error_message: message,
    error_type: code,
    title: code,
    status,
  })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // Bytes that nobody has read would reset the connection, and the client would never see the answer.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}

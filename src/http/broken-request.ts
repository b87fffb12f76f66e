import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

import { errorCodes, type ErrorCode } from '#domain/errors.ts'

/** What the parser could not read gets an answer too; it has no path that could be trusted, so it is said in the words of both faces. */
export function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const code: ErrorCode =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers_too_large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request_timeout'
        : 'invalid_request'
  const { status, ociCode, description } = errorCodes[code]
  const message = code === 'invalid_request' ? 'this is not a request of HTTP/1.1' : description
  const body = JSON.stringify({
    errors: [{ code: ociCode, message }],
    detail: message,
    message,
    error_message: message,
    error_type: code,
    title: code,
    status,
  })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

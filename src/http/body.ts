import type { IncomingMessage } from 'node:http'
import type { Operation } from 'openapi-backend'

import { RegistryError } from '#domain/errors.ts'
import { mediaTypeOf, readSource } from './upload-source.ts'

/** Most that a JSON or form body may be. */
const maxBytes = 1_048_576
/** Deeper nesting is no honest request, and costs validators dear. */
const maxDepth = 64

/**
 * Reads the body that an operation declares: JSON and forms as a value, anything else as an `UploadSource`.
 * Called after the gate. Throws `unsupported_media_type`, `payload_too_large` or `invalid_request`.
 */
export async function readBody(
  incoming: IncomingMessage,
  operation: Operation,
  limits: { maxUploadBytes: number },
): Promise<unknown> {
  const declared = operation.requestBody as
    | { required?: boolean; content: Record<string, unknown> }
    | undefined
  if (!declared) return undefined
  if ('application/json' in declared.content) {
    if (!hasBody(incoming) && !declared.required) return undefined
    demandType(incoming, 'application/json')
    return parseJson(await readText(incoming))
  }
  if ('application/x-www-form-urlencoded' in declared.content) {
    demandType(incoming, 'application/x-www-form-urlencoded')
    return Object.fromEntries(new URLSearchParams(await readText(incoming)))
  }
  return readSource(incoming, limits.maxUploadBytes)
}

function hasBody(incoming: IncomingMessage): boolean {
  const length = incoming.headers['content-length']
  return incoming.headers['transfer-encoding'] !== undefined || (length ?? '0') !== '0'
}

function demandType(incoming: IncomingMessage, wanted: string): void {
  if (mediaTypeOf(incoming.headers['content-type']) === wanted) return
  throw new RegistryError('unsupported_media_type', `send the body as ${wanted}`)
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const bytes = await readSource(incoming, maxBytes).bytes(maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new RegistryError('invalid_request', 'the body is not UTF-8', { cause })
  }
}

function parseJson(text: string): unknown {
  if (nesting(text) > maxDepth)
    throw new RegistryError('invalid_request', `the body nests more than ${maxDepth} levels deep`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RegistryError(
      'invalid_request',
      `the body is not JSON: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}

/** Greatest nesting of brackets outside strings; counted before parsing, in one pass. */
export function nesting(text: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index)
    if (quoted) {
      if (character === 0x5c) index++
      else if (character === 0x22) quoted = false
    } else if (character === 0x22) quoted = true
    else if (character === 0x7b || character === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (character === 0x7d || character === 0x5d) depth--
  }
  return deepest
}

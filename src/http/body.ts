import type { IncomingMessage } from 'node:http'
import type { Operation } from 'openapi-backend'

import { RegistryError } from '#domain/errors.ts'
import { parseJson } from '#domain/json.ts'
import { isStorable } from '#domain/text.ts'
import { mediaTypeOf, readSource, type BodyLimits } from './upload-source.ts'

/** Most that a JSON or form body may be. */
const maxBytes = 1_048_576

/**
 * Reads the body that an operation declares: JSON and forms as a value, anything else as an `UploadSource` of
 * `limits`.
 * Called after the gate. Throws `unsupported_media_type`, `payload_too_large` or `invalid_request`.
 */
export async function readBody(
  incoming: IncomingMessage,
  operation: Operation,
  limits: BodyLimits,
): Promise<unknown> {
  const declared = operation.requestBody as
    | { required?: boolean; content: Record<string, unknown> }
    | undefined
  if (!declared) return undefined
  if ('application/json' in declared.content) {
    if (!hasBody(incoming)) {
      if (!declared.required) return undefined
      throw new RegistryError(
        'invalid_request',
        'the body is missing: send one as application/json',
      )
    }
    demandType(incoming, 'application/json')
    return parseText(await readText(incoming, limits))
  }
  if ('application/x-www-form-urlencoded' in declared.content) {
    if (!declared.required && !hasBody(incoming)) return undefined
    demandType(incoming, 'application/x-www-form-urlencoded')
    return parseForm(await readText(incoming, limits))
  }
  return readSource(incoming, limits)
}

function hasBody(incoming: IncomingMessage): boolean {
  const length = incoming.headers['content-length']
  return incoming.headers['transfer-encoding'] !== undefined || (length ?? '0') !== '0'
}

function demandType(incoming: IncomingMessage, wanted: string): void {
  if (mediaTypeOf(incoming.headers['content-type']) === wanted) return
  throw new RegistryError('unsupported_media_type', `send the body as ${wanted}`)
}

async function readText(incoming: IncomingMessage, { timeoutMs }: BodyLimits): Promise<string> {
  const bytes = await readSource(incoming, { maxBytes, timeoutMs }).bytes(maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new RegistryError('invalid_request', 'the body is not UTF-8', { cause })
  }
}

function parseText(text: string): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    throw new RegistryError(
      'invalid_request',
      `the body is not good JSON: ${(cause as Error).message}`,
      { cause },
    )
  }
}

function parseForm(text: string): Record<string, string> {
  const form = new URLSearchParams(text)
  if (new Set(form.keys()).size !== form.size)
    throw new RegistryError('invalid_request', 'a field stands twice in the form')
  if (![...form].flat().every(isStorable))
    throw new RegistryError('invalid_request', 'the form holds U+0000 (%00), which means nothing')
  return Object.fromEntries(form)
}

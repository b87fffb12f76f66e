import type { IncomingMessage } from 'node:http'
import type { Operation } from 'openapi-backend'

import { RegistryError } from '#domain/errors.ts'
import { parseJson } from '#domain/json.ts'
import { decode, formTypesOf, parseForm } from './form.ts'
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
    demandType(incoming, ['application/json'])
    return parseText(decode(await readWhole(incoming, limits)))
  }
  const forms = formTypesOf(declared.content)
  if (forms.length > 0) {
    if (!declared.required && !hasBody(incoming)) return undefined
    demandType(incoming, forms)
    const bytes = await readWhole(incoming, limits)
    return parseForm(bytes, incoming.headers['content-type'] ?? '')
  }
  return readSource(incoming, limits)
}

function hasBody(incoming: IncomingMessage): boolean {
  const length = incoming.headers['content-length']
  return incoming.headers['transfer-encoding'] !== undefined || (length ?? '0') !== '0'
}

function demandType(incoming: IncomingMessage, wanted: readonly string[]): void {
  if (wanted.includes(mediaTypeOf(incoming.headers['content-type']))) return
  throw new RegistryError('unsupported_media_type', `send the body as ${wanted.join(' or ')}`)
}

function readWhole(incoming: IncomingMessage, { timeoutMs }: BodyLimits): Promise<Uint8Array> {
  return readSource(incoming, { maxBytes, timeoutMs }).bytes(maxBytes)
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

import { RegistryError } from '#domain/errors.ts'
import { isStorable } from '#domain/text.ts'
import { mediaTypeOf } from './upload-source.ts'

const urlencoded = 'application/x-www-form-urlencoded'
const multipart = 'multipart/form-data'

/** Media types of forms that an operation declares; empty when it takes none. */
export function formTypesOf(content: Readonly<Record<string, unknown>>): string[] {
  return [urlencoded, multipart].filter((type) => type in content)
}

/**
 * Reads a form, whose `Content-Type` is `type`: its fields by name. Throws `invalid_request` for what is no form of
 * that type, for a file, and for a field that stands there twice.
 */
export async function parseForm(bytes: Uint8Array, type: string): Promise<Record<string, string>> {
  const fields =
    mediaTypeOf(type) === multipart
      ? await readMultipart(bytes, type)
      : [...new URLSearchParams(decode(bytes))]
  if (new Set(fields.map(([name]) => name)).size !== fields.length)
    throw new RegistryError('invalid_request', 'a field stands twice in the form')
  if (!fields.flat().every(isStorable))
    throw new RegistryError('invalid_request', 'the form holds U+0000 (%00), which means nothing')
  return Object.fromEntries(fields)
}

async function readMultipart(bytes: Uint8Array, type: string): Promise<[string, string][]> {
  const form = await new Response(Uint8Array.from(bytes), { headers: { 'content-type': type } })
    .formData()
    .catch((cause: unknown) => {
      throw new RegistryError('invalid_request', 'the body is no good multipart/form-data', {
        cause,
      })
    })
  return [...form].map(([name, value]) => {
    if (typeof value === 'string') return [name, value]
    throw new RegistryError('invalid_request', `the field ${name.slice(0, 80)} is a file`)
  })
}

/** Text in UTF-8. Throws `invalid_request` for bytes that are none. */
export function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new RegistryError('invalid_request', 'the body is not UTF-8', { cause })
  }
}

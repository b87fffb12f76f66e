import { RegistryError } from './errors.ts'

const maxMetadataCharacters = 16_384

/** Gives what owners keep with a robot or a key as JSON. Throws `invalid_request` for more than 16 KiB. */
export function writeMetadata(metadata: Record<string, unknown>): string {
  const text = JSON.stringify(metadata)
  if (text.length <= maxMetadataCharacters) return text
  throw new RegistryError(
    'invalid_request',
    `metadata take at most ${maxMetadataCharacters} characters of JSON`,
  )
}

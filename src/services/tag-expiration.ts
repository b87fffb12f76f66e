import { RegistryError } from '#domain/errors.ts'
import type { Config } from '#config.ts'

/** Throws `invalid_request` unless a namespace may choose this span; in seconds. */
export function demandOfferedSpan(
  seconds: number,
  { TAG_EXPIRATION_OPTIONS }: Pick<Config, 'TAG_EXPIRATION_OPTIONS'>,
): void {
  const options: readonly number[] = TAG_EXPIRATION_OPTIONS
  if (!options.includes(seconds))
    throw new RegistryError(
      'invalid_request',
      `tag_expiration_s must be one of ${options.join(', ')} seconds`,
    )
}

import { RegistryError } from '#domain/errors.ts'
import { isUniqueViolation } from '#store/db-errors.ts'

/**
 * Gives what a change gives. Throws `invalid_request` with `message` when a unique index has refused it: somebody has
 * the name, perhaps since a moment ago.
 */
export async function refuseTaken<T>(change: Promise<T>, message: string): Promise<T> {
  try {
    return await change
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause
    throw new RegistryError('invalid_request', message, { cause })
  }
}

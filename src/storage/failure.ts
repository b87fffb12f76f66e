import { RegistryError } from '#domain/errors.ts'

/**
 * Runs file-system work and turns what the operating system refuses into a refusal of the registry:
 * `storage_full` when there is no room or no quota left, else `unavailable`; the cause keeps the path,
 * which the message must not show. `doing` completes "could not …". Errors of any other kind pass
 * through: they are refusals already, or bugs.
 */
export async function guard<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storageFailure(doing, error)
  }
}

/** The refusal that `guard` throws for an error. */
export function storageFailure(doing: string, error: unknown): unknown {
  if (error instanceof RegistryError || !isErrno(error)) return error
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return new RegistryError(
      'storage_full',
      `The blob storage has no room left and could not ${doing} (${error.code}). Nothing of this request was kept; free space or enlarge the volume, then push again.`,
      { cause: error },
    )
  return new RegistryError('unavailable', `The blob storage could not ${doing} (${error.code}).`, {
    cause: error,
  })
}

/** True for an error of the operating system, with this code (`ENOENT`, …) when one is given. */
export function isErrno(error: unknown, code?: string): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return false
  return code === undefined || error.code === code
}

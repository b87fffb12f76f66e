import type { UserNotification } from '#store/user-notification.ts'
import type { Deps } from '#deps.ts'

/** What a notification tells its readers: the code of an invitation is opened for them. */
export function readMetadata(
  { sealer }: Pick<Deps, 'sealer'>,
  { metadata }: Pick<UserNotification, 'metadata'>,
): Record<string, unknown> {
  const { sealed_code, ...rest } = metadata
  if (typeof sealed_code !== 'string') return rest
  return { code: sealer.unseal(Buffer.from(sealed_code, 'base64')), ...rest }
}

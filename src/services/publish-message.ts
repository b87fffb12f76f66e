import { RegistryError } from '#domain/errors.ts'
import { transact } from '#store/db.ts'
import { insertGlobalMessage, type GlobalMessage } from '#store/global-message.ts'
import type { Deps } from '#deps.ts'

/** Messages for everybody that there are at most: pages show all of them. */
export const maxMessages = 100

/** Publishes a message for everybody. Throws `invalid_request` when there are too many. */
export async function publishMessage(
  { db, clock }: Deps,
  { content, severity, media_type }: Omit<GlobalMessage, 'uuid'>,
): Promise<void> {
  const message = { content, severity, media_type, at: clock.now(), most: maxMessages }
  if (await transact(db, (tx) => insertGlobalMessage(tx, message))) return
  throw new RegistryError(
    'invalid_request',
    `there are ${maxMessages} messages already: delete one first`,
  )
}

import { randomUUID } from 'node:crypto'

import type { Mail } from '#domain/mail.ts'
import { addJob, type JobPayloads } from '#store/job.ts'
import type { Tx } from '#store/db.ts'
import type { Deps } from '#deps.ts'

/** A mail on its way. */
export interface QueuedMail {
  /** The same at every attempt, so that a mail that arrives twice can be told to be one. */
  id: string
  mail: Mail
}

/**
 * Has a mail sent if and only if the transaction holds; later than `validUntil` it is not sent any more. Without
 * FEATURE_MAILING it does nothing. The address must have passed `parseEmail`.
 */
export async function queueMail(
  { config, sealer }: Pick<Deps, 'config' | 'sealer'>,
  tx: Tx,
  mail: Mail,
  { validUntil }: { validUntil?: Date | undefined } = {},
): Promise<void> {
  if (!config.FEATURE_MAILING) return
  const queued: QueuedMail = { id: randomUUID(), mail }
  await addJob(tx, 'send-mail', {
    kind: mail.kind,
    sealed: sealer.seal(JSON.stringify(queued)).toString('base64'),
    ...(validUntil === undefined ? {} : { validUntil: validUntil.toISOString() }),
  })
}

/** What `queueMail` was given. Throws when SECRET_KEY has changed since. */
export function readQueuedMail(
  { sealer }: Pick<Deps, 'sealer'>,
  { sealed }: JobPayloads['send-mail'],
): QueuedMail {
  return JSON.parse(sealer.unseal(Buffer.from(sealed, 'base64'))) as QueuedMail
}

import { randomUUID } from 'node:crypto'

import type { Mail, MailKind } from '#domain/mail.ts'
import { addJob, type JobPayloads } from '#store/job.ts'
import { countThisHour } from '#store/mail-budget.ts'
import type { Tx } from '#store/db.ts'
import type { Deps } from '#deps.ts'

/** A mail on its way. */
export interface QueuedMail {
  /** The same at every attempt, so that a mail that arrives twice can be told to be one. */
  id: string
  mail: Mail
}

/** Mails of a kind to one address within an hour, where it is not five: nobody can have a mailbox flooded. */
const mailsAnHour: Partial<Record<MailKind, number>> = { 'invite-to-team': 20 }

type MailDeps = Pick<Deps, 'config' | 'sealer' | 'clock'>

/**
 * Has a mail sent if and only if the transaction holds; later than `validUntil` it is not sent any more. The address
 * must have passed `parseEmail`. False, and no mail, without FEATURE_MAILING and when the address got its share of the
 * hour.
 */
export async function queueMail(
  { config, sealer, clock }: MailDeps,
  tx: Tx,
  mail: Mail,
  { validUntil }: { validUntil?: Date | undefined } = {},
): Promise<boolean> {
  if (!config.FEATURE_MAILING) return false
  const key = `${mail.kind} ${mail.to.toLowerCase()}`
  const count = await countThisHour(tx, { key, at: clock.now() })
  if (count > (mailsAnHour[mail.kind] ?? 5)) return false
  const queued: QueuedMail = { id: randomUUID(), mail }
  await addJob(tx, 'send-mail', {
    kind: mail.kind,
    sealed: sealer.seal(JSON.stringify(queued)).toString('base64'),
    ...(validUntil === undefined ? {} : { validUntil: validUntil.toISOString() }),
  })
  return true
}

/** What `queueMail` was given. Throws when SECRET_KEY has changed since. */
export function readQueuedMail(
  { sealer }: Pick<Deps, 'sealer'>,
  { sealed }: JobPayloads['send-mail'],
): QueuedMail {
  return JSON.parse(sealer.unseal(Buffer.from(sealed, 'base64'))) as QueuedMail
}

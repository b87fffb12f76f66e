import { createTransport } from 'nodemailer'

import { writeMail } from '#services/mail-text.ts'
import { readQueuedMail } from '#services/queue-mail.ts'
import type { Deps } from '#deps.ts'
import type { JobPayloads } from '#store/job.ts'

/** What the registry knows of its mail server. */
export type MailDeps = Pick<Deps, 'config' | 'clock' | 'log' | 'sealer'>

const connectTimeoutMs = 10_000
const answerTimeoutMs = 30_000

/**
 * Sends a mail that `queueMail` has put into the queue. Throws when it did not get through, and is then tried again;
 * a mail that is too old, or whose address the server refuses for good, is given up. `trusted` are certificates
 * (PEM) beside those that Node trusts.
 */
export async function sendMail(
  deps: MailDeps,
  payload: JobPayloads['send-mail'],
  { trusted }: { trusted?: string } = {},
): Promise<void> {
  const { config, clock, log } = deps
  const { kind, validUntil } = payload
  if (validUntil !== undefined && new Date(validUntil) <= clock.now()) {
    log.warn({ mail: kind }, 'a mail was not sent in time and is given up')
    return
  }
  const { id, mail } = readQueuedMail(deps, payload)
  const baseUrl = `${config.PREFERRED_URL_SCHEME}://${config.SERVER_HOSTNAME}`
  const { subject, text, html } = writeMail(mail, { registry: config.REGISTRY_TITLE, baseUrl })
  const transport = createTransport(serverOf(config, trusted))
  try {
    await transport.sendMail({
      from: config.MAIL_DEFAULT_SENDER,
      to: { name: '', address: mail.to },
      subject,
      text,
      html,
      messageId: `<${id}@${config.SERVER_HOSTNAME?.replace(/:\d+$/, '')}>`,
      // RFC 3834: nobody's holiday notice answers it.
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    log.info({ mail: kind }, 'a mail was sent')
  } catch (error) {
    if (!isRefusedForGood(error)) throw error
    log.warn({ mail: kind, err: error }, 'the mail server refuses the address of a mail')
  } finally {
    transport.close()
  }
}

function serverOf(config: MailDeps['config'], trusted: string | undefined) {
  const { MAIL_PORT: port, MAIL_USE_TLS: isEncrypted, MAIL_USERNAME: user } = config
  const isSecure = isEncrypted && port === 465
  return {
    host: config.MAIL_SERVER,
    port,
    secure: isSecure,
    // Never falls back to plain text: whoever stands in between could ask for that.
    requireTLS: isEncrypted && !isSecure,
    ignoreTLS: !isEncrypted,
    ...(user === undefined ? {} : { auth: { user, pass: config.MAIL_PASSWORD ?? '' } }),
    ...(trusted === undefined ? {} : { tls: { ca: trusted } }),
    connectionTimeout: connectTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    greetingTimeout: answerTimeoutMs,
    socketTimeout: answerTimeoutMs,
  }
}

/** A reply of 5xx to the address (RFC 5321, 4.2.1): another attempt would meet the same. */
function isRefusedForGood(error: unknown): boolean {
  const {
    code,
    command,
    responseCode = 0,
  } = error as {
    code?: string
    command?: string
    responseCode?: number
  }
  return code === 'EENVELOPE' && command === 'RCPT TO' && responseCode >= 500
}

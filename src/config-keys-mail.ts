import { key, unset, type ConfigKey } from './config-key.ts'
import { boolean, duration, integer, list, text } from './config-kinds.ts'

const address = '[^\\s@<>(),;:"\\\\\\[\\]]{1,64}@[A-Za-z0-9.-]{1,253}'

/** Keys of mail, and of what people do by mail. */
export const mail = {
  MAIL_SERVER: unset(
    text('a host name or address', { pattern: '^[A-Za-z0-9][A-Za-z0-9.:-]*$', maxLength: 253 }),
    'SMTP server that takes the mails of the registry; setting it switches FEATURE_MAILING on',
  ),
  MAIL_PORT: key(integer(1, 65_535), 587, 'Its port; on 465 TLS begins at once'),
  MAIL_USE_TLS: key(
    boolean,
    true,
    'No mail and no password goes out before TLS has begun; false never encrypts',
  ),
  MAIL_USERNAME: unset(
    text('text', { maxLength: 255 }),
    'Name to sign in with at the mail server; unset, nobody signs in',
  ),
  MAIL_PASSWORD: unset(text('text', { maxLength: 4096 }), 'Password that goes with it', {
    secret: 'whole',
  }),
  MAIL_DEFAULT_SENDER: {
    kind: text('an e-mail address, or Name <address>', {
      pattern: `^(?:${address}|[^<>@",;:\\r\\n]{1,100} <${address}>)$`,
    }),
    meaning: 'Sender of the mails',
    derived: {
      from: (written) => senderAt(written['SERVER_HOSTNAME']),
      rule: '`registry@` and SERVER_HOSTNAME without its port',
    },
  } satisfies ConfigKey<string | undefined> as ConfigKey<string | undefined>,
  USER_RECOVERY_TOKEN_LIFETIME: key(
    duration,
    '30m',
    'How long the link in a mail for a forgotten password works',
  ),
  FEATURE_INVITE_ONLY_USER_CREATION: key(
    boolean,
    false,
    'People sign up only with the code of an invitation to a team that went to their address',
  ),
  FEATURE_BLACKLISTED_EMAILS: key(
    boolean,
    false,
    'Addresses of BLACKLISTED_EMAIL_DOMAINS cannot be used to sign up',
  ),
  BLACKLISTED_EMAIL_DOMAINS: key(
    list(text('a domain', { pattern: '^[A-Za-z0-9][A-Za-z0-9.-]*$', maxLength: 253 })),
    [],
    'Domains, with everything below them, whose addresses FEATURE_BLACKLISTED_EMAILS refuses',
  ),
}

function senderAt(host: unknown): string | undefined {
  return typeof host === 'string' ? `registry@${host.replace(/:\d+$/, '')}` : undefined
}

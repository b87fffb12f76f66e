import type { Mail, MailContent, MailKind } from '#domain/mail.ts'
import { escapeHtml } from '#domain/text.ts'

/** Where mails come from, and where their links lead. */
export interface MailOrigin {
  /** Title of the registry. */
  registry: string
  /** `https://registry.example.com`. */
  baseUrl: string
}

/** A mail as it is read. */
export interface MailText {
  /** One line. */
  subject: string
  text: string
  html: string
}

/** The parts of a mail, in their order; `path` is that of the link. */
interface Draft {
  subject: string
  before: readonly string[]
  path?: string
  after: readonly string[]
}

/** Writes a mail: plain text, and the same as HTML in which every value is escaped. */
export function writeMail(mail: Mail, { registry, baseUrl }: MailOrigin): MailText {
  const draft = drafts[mail.kind](mail as never, registry)
  const url = draft.path === undefined ? undefined : baseUrl + draft.path
  const parts = [...draft.before, ...(url === undefined ? [] : [url]), ...draft.after]
  const signature = `${registry}, ${baseUrl}`
  const paragraphs = parts.map((part) => `<p>${part === url ? link(url) : escapeHtml(part)}</p>`)
  return {
    subject: oneLine(draft.subject),
    text: `${[...parts, '-- \n' + signature].join('\n\n')}\n`,
    html: `<!doctype html><html lang="en"><body>${paragraphs.join('')}<p><small>${escapeHtml(signature)}</small></p></body></html>`,
  }
}

type ContentOf<K extends MailKind> = Extract<MailContent, { kind: K }>

const ignore = 'If that was not you, do nothing.'

const drafts: { [K in MailKind]: (mail: ContentOf<K>, registry: string) => Draft } = {
  'confirm-address': ({ username, code }, registry) => ({
    subject: `Confirm your e-mail address for ${registry}`,
    before: [
      `Somebody made the account ${username} with this e-mail address. Follow the link to finish it and to sign in:`,
    ],
    path: `/confirm?code=${code}`,
    after: [`The link works once. ${ignore}`],
  }),
  'confirm-new-address': ({ username, code }, registry) => ({
    subject: `Confirm your new e-mail address for ${registry}`,
    before: [
      `The account ${username} is to have this e-mail address.`,
      'Sign in to the account, then follow the link in the same browser to confirm it:',
    ],
    path: `/confirm?code=${code}`,
    after: [`The link works once. ${ignore}`],
  }),
  'address-changed': ({ username, newAddress }, registry) => ({
    subject: `Your e-mail address for ${registry} was changed`,
    before: [
      `The e-mail address of your account ${username} is now ${newAddress}. Mails no longer come here.`,
      'If that was not you, tell those who run the registry at once.',
    ],
    after: [],
  }),
  'address-in-use': ({ name }, registry) => ({
    subject: `This e-mail address is in use at ${registry}`,
    before: [
      `Somebody wanted to use this e-mail address for another account, but it belongs to your account ${name}. Nothing has changed.`,
      `If it was you: sign in as ${name}. If you forgot the password, ask for a new one on the sign-in page.`,
    ],
    path: '/signin',
    after: [ignore],
  }),
  'password-changed': ({ username }, registry) => ({
    subject: `Your password for ${registry} was changed`,
    before: [
      `The password of your account ${username} was changed.`,
      'If that was not you, set a new one at once: ask for it on the sign-in page.',
    ],
    path: '/signin',
    after: [],
  }),
  'recover-account': ({ username, code }, registry) => ({
    subject: `Set a new password for ${registry}`,
    before: [
      `Somebody asked for a new password for your account ${username}. Follow the link to sign in and to set one:`,
    ],
    path: `/recovery?code=${code}`,
    after: [`The link works once, and not for long. ${ignore}`],
  }),
  'recover-organization': ({ organizations }, registry) => ({
    subject: `Signing in at ${registry}`,
    before: [
      'Somebody asked for a new password for this e-mail address. It belongs to an organization, and nobody signs in as an organization: its administrators sign in as themselves.',
      ...organizations.map(
        ({ name, admins }) => `Administrators of ${name}: ${admins.join(', ')}.`,
      ),
    ],
    after: [ignore],
  }),
  'invite-to-team': ({ inviter, organization, team, code }) => ({
    subject: `${inviter} invites you to ${organization}`,
    before: [
      `${inviter} invites you to the team ${team} of the organization ${organization}. Follow the link to join:`,
    ],
    path: `/confirminvite?code=${code}`,
    after: ['If you do not want to join, do nothing.'],
  }),
  'authorize-repository': ({ requester, repository, code }, registry) => ({
    subject: `Notifications of ${repository} from ${registry}`,
    before: [
      `${requester} wants to send notifications of the repository ${repository} to this e-mail address. Follow the link to agree:`,
    ],
    path: `/authrepoemail?code=${code}`,
    after: ['If you do not want them, do nothing.'],
  }),
}

function link(url: string): string {
  return `<a href="${escapeHtml(url)}">${escapeHtml(url)}</a>`
}

/** A line break in a subject would begin another header. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').slice(0, 200)
}

import type { Actor } from '#domain/principal.ts'
import { renderMailLink, type MailLinkPage } from '#pages/mail-link.ts'
import { markup } from '#pages/markup.ts'
import type { MailLink } from '#services/look-at-mail-code.ts'
import type { FollowedLink } from '#services/use-mail-code.ts'
import type { Deps } from '#deps.ts'
import type { SessionHandle } from '#operation.ts'
import { privateHeaders, privateMessage, privatePage } from './private-page.ts'

const messages = {
  unusable: {
    title: 'This link does not work',
    text: 'It was used already, is too old, or another mail has taken its place. Ask for a new one.',
  },
  'sign-in-first': {
    title: 'Sign in first',
    text: 'Sign in, in this browser, to the account that is to have this address. Then open the link again.',
  },
  agreed: {
    title: 'Thank you',
    text: 'Notifications of the repository may now be sent to your address.',
  },
}

/** A page that says what has come of a link. */
export function showPage(deps: Deps, message: keyof typeof messages) {
  return privateMessage(deps, messages[message])
}

/** Leads on whoever has followed a good link, signed in if the link does that. */
export async function enter(deps: Deps, session: SessionHandle, link: FollowedLink | undefined) {
  if (!link) return showPage(deps, 'unusable')
  const { signsIn: user } = link
  if (user) await session.signIn({ id: user.id, sessionEpoch: user.session_epoch })
  return { status: 302 as const, headers: { ...privateHeaders, Location: link.location } }
}

interface Asked {
  code: string
  session: SessionHandle
}

/** Asks, on a page, whether the link to an account shall do what it is for. */
export function askLink(
  deps: Deps,
  { link, actor, ...asked }: Asked & { link: MailLink | undefined; actor: Actor },
) {
  if (!link) return showPage(deps, 'unusable')
  const isOwn = actor.kind === 'user' && actor.id === link.userId
  if (link.purpose === 'change_email' && !isOwn) return showPage(deps, 'sign-in-first')
  return ask(deps, { ...asked, ...questions[link.purpose](link) })
}

/** Asks, on a page, whether notifications may be sent to an address. */
export function askAgreement(
  deps: Deps,
  {
    asked: address,
    ...asked
  }: Asked & { asked: { email: string; repository: string } | undefined },
) {
  if (!address) return showPage(deps, 'unusable')
  const { repository, email } = address
  return ask(deps, {
    ...asked,
    title: 'Agree to notifications?',
    text: markup`Notifications of the repository <strong>${repository}</strong> will be sent to <strong>${email}</strong>.`,
    button: 'Agree',
    action: '/authrepoemail',
  })
}

type Question = Pick<MailLinkPage, 'title' | 'text' | 'button' | 'action'>

const questions: Record<MailLink['purpose'], (link: MailLink) => Question> = {
  confirm: ({ username, email }) => ({
    title: 'Confirm your e-mail address',
    text: markup`The account <strong>${username}</strong> has the address <strong>${email}</strong>. The button confirms it, and signs
you in to this account.`,
    button: `Confirm and sign in as ${username}`,
    action: '/confirm',
  }),
  change_email: ({ username, email }) => ({
    title: 'Confirm your new e-mail address',
    text: markup`Your account <strong>${username}</strong> will have the address <strong>${email}</strong>.`,
    button: 'Confirm',
    action: '/confirm',
  }),
  recover: ({ username }) => ({
    title: 'Sign in without your password',
    text: markup`The button signs you in to the account <strong>${username}</strong>. Then you can set a new password.`,
    button: `Sign in as ${username}`,
    action: '/recovery',
  }),
}

function ask({ config }: Deps, { session, ...page }: Asked & Question) {
  const csrfToken = session.csrfToken()
  return privatePage(renderMailLink({ registry: config.REGISTRY_TITLE, csrfToken, ...page }))
}

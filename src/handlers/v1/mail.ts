import { agreeToEmail, askForEmail } from '#services/authorize-email.ts'
import { requestRecovery } from '#services/recover-account.ts'
import { confirmAddress, recoverAccess, type FollowedLink } from '#services/use-mail-code.ts'
import { renderMessage } from '#pages/message.ts'
import { RegistryError } from '#domain/errors.ts'
import { findRepositoryEmail, type RepositoryEmail } from '#store/repository-email.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import type { Deps } from '#deps.ts'
import type { Handlers, SessionHandle } from '#operation.ts'

/** What people do by mail: links that they follow, and what has such links sent. */
export const mail: Handlers<
  | 'requestRecoveryEmail'
  | 'confirmEmail'
  | 'confirmRecovery'
  | 'confirmRepoEmail'
  | 'checkRepoEmailAuthorized'
  | 'sendAuthorizeRepoEmail'
> = {
  async requestRecoveryEmail({ body }, deps) {
    await requestRecovery(deps, { email: body.email })
    return { status: 200, body: { status: 'sent' } }
  },
  async confirmEmail({ query, actor, session }, deps) {
    const link = await confirmAddress(deps, { code: query.code, actor })
    return link === 'sign-in-first' ? showPage(deps, signInFirst) : enter(deps, session, link)
  },
  async confirmRecovery({ query, actor, session }, deps) {
    return enter(deps, session, await recoverAccess(deps, { code: query.code, actor }))
  },
  async confirmRepoEmail({ query }, deps) {
    const page = (await agreeToEmail(deps, query.code)) ? agreed : unusable
    return showPage(deps, page)
  },
  async checkRepoEmailAuthorized({ params, target }, { db }) {
    const found = await findRepositoryEmail(db, { repositoryId: target.id, email: params.email })
    if (!found)
      throw new RegistryError('not_found', `${params.email} was not asked for ${target.fullName}`)
    return { status: 200, body: viewEmail(target, found) }
  },
  async sendAuthorizeRepoEmail({ params, target, actor }, deps) {
    const asked = { repository: target, email: params.email, actor }
    return { status: 200, body: viewEmail(target, await askForEmail(deps, asked)) }
  },
}

function viewEmail({ name, namespace }: RepositoryTarget, found: RepositoryEmail) {
  const { email, isConfirmed } = found
  return { email, namespace: namespace.name, repository: name, confirmed: isConfirmed }
}

/** Pages behind codes are kept nowhere, and no address that holds a code is passed on. */
const headers = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' } as const

const unusable = {
  title: 'This link does not work',
  text: 'It was used already, is too old, or another mail has taken its place. Ask for a new one.',
}
const signInFirst = {
  title: 'Sign in first',
  text: 'Sign in, in this browser, to the account that is to have this address. Then open the link again.',
}
const agreed = {
  title: 'Thank you',
  text: 'Notifications of the repository may now be sent to your address.',
}

/** Leads on whoever has followed a good link, signed in if the link does that. */
async function enter(deps: Deps, session: SessionHandle, link: FollowedLink | undefined) {
  if (!link) return showPage(deps, unusable)
  const { signsIn: user } = link
  if (user) await session.signIn({ id: user.id, sessionEpoch: user.session_epoch })
  return { status: 302 as const, headers: { ...headers, Location: link.location } }
}

function showPage({ config }: Deps, page: { title: string; text: string }) {
  const body = renderMessage({ registry: config.REGISTRY_TITLE, ...page })
  return { status: 200 as const, type: 'text/html' as const, headers, body }
}

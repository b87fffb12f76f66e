import { agreeToEmail, lookAtEmail } from '#services/authorize-email.ts'
import { lookAtMailCode } from '#services/look-at-mail-code.ts'
import { confirmAddress, recoverAccess } from '#services/use-mail-code.ts'
import type { Deps } from '#deps.ts'
import type { Actor } from '#domain/principal.ts'
import type { Handlers, SessionHandle } from '#operation.ts'
import { askAgreement, askLink, enter, showPage } from './mail-link-view.ts'

/** A link of a mail, by whatever way its code comes. */
interface Followed {
  code: string
  actor: Actor
  session: SessionHandle
}

/**
 * Links that people follow from a mail. A browser shows a page with a button, whose form does it; for programs the link
 * itself does, as with Quay.
 */
export const mailLink: Handlers<
  | 'confirmEmail'
  | 'confirmEmailOnPage'
  | 'confirmRecovery'
  | 'confirmRecoveryOnPage'
  | 'confirmRepoEmail'
  | 'confirmRepoEmailOnPage'
> = {
  async confirmEmail({ query: { code }, actor, session, request }, deps) {
    if (!request.isBrowser) return confirm(deps, { code, actor, session })
    const link = await lookAtMailCode(deps, { code, purposes: ['confirm', 'change_email'] })
    return askLink(deps, { link, code, actor, session })
  },
  confirmEmailOnPage: ({ body: { code }, actor, session }, deps) =>
    confirm(deps, { code, actor, session }),
  async confirmRecovery({ query: { code }, actor, session, request }, deps) {
    if (!request.isBrowser) return recover(deps, { code, actor, session })
    const link = await lookAtMailCode(deps, { code, purposes: ['recover'] })
    return askLink(deps, { link, code, actor, session })
  },
  confirmRecoveryOnPage: ({ body: { code }, actor, session }, deps) =>
    recover(deps, { code, actor, session }),
  async confirmRepoEmail({ query: { code }, session, request }, deps) {
    if (!request.isBrowser) return agree(deps, code)
    return askAgreement(deps, { asked: await lookAtEmail(deps, code), code, session })
  },
  confirmRepoEmailOnPage: ({ body }, deps) => agree(deps, body.code),
}

async function confirm(deps: Deps, { session, ...given }: Followed) {
  const link = await confirmAddress(deps, given)
  return link === 'sign-in-first' ? showPage(deps, link) : enter(deps, session, link)
}

async function recover(deps: Deps, { session, ...given }: Followed) {
  return enter(deps, session, await recoverAccess(deps, given))
}

async function agree(deps: Deps, code: string) {
  return showPage(deps, (await agreeToEmail(deps, code)) ? 'agreed' : 'unusable')
}

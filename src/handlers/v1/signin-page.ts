import { RegistryError } from '#domain/errors.ts'
import { isOwnPath } from '#domain/redirect-uri.ts'
import { renderSignin, type SigninRefusal } from '#pages/signin.ts'
import { signIn } from '#services/sign-in.ts'
import type { Handlers } from '#operation.ts'
import { goTo } from './oauth-view.ts'

/** Signing in without a script, for pages that need somebody. */
export const signinPage: Handlers<'showSigninPage' | 'signinOnPage'> = {
  showSigninPage({ query, session }, { config }) {
    const body = renderSignin({
      registry: config.REGISTRY_TITLE,
      next: ownPath(query.next),
      csrfToken: session.csrfToken(),
      refused: query.refused,
    })
    return { status: 200, type: 'text/html', headers: { 'Cache-Control': 'no-store' }, body }
  },
  async signinOnPage({ body, actor, session }, deps) {
    const next = ownPath(body.next)
    try {
      const user = await signIn(deps, { login: body.username, password: body.password, actor })
      await session.signIn({ id: user.id, sessionEpoch: user.session_epoch })
      return goTo(next)
    } catch (error) {
      return goTo(`/signin?${new URLSearchParams({ next, refused: refusalOf(error) })}`)
    }
  },
}

/** Nobody is led to another registry, however the address looks. */
function ownPath(next: string | undefined): string {
  return next !== undefined && isOwnPath(next) ? next : '/'
}

/** Why the page is shown once more; what is no refusal of a sign-in is thrown on. */
function refusalOf(error: unknown): SigninRefusal {
  if (!(error instanceof RegistryError)) throw error
  if (error.code === 'too_many_attempts') return 'wait'
  if (error.code !== 'unauthorized') throw error
  return error.options.extra?.reason === 'account_disabled' ? 'disabled' : 'credentials'
}

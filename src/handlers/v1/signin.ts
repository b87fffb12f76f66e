import { RegistryError } from '#domain/errors.ts'
import { confirmPassword, signIn, signOut } from '#services/sign-in.ts'
import type { User } from '#store/user.ts'
import type { Handlers } from '#operation.ts'

/** Signing in and out of the browser session. */
export const signin: Handlers<
  'signinUser' | 'verifyUser' | 'logout' | 'retrieveExternalLoginAuthorizationUrl'
> = {
  async signinUser({ body, actor, session }, deps) {
    const given = { login: body.username, password: body.password, actor }
    const user = await explainRefusal(signIn(deps, given))
    const token = await session.signIn({ id: user.id, sessionEpoch: user.session_epoch })
    return { status: 200, headers: { 'X-Next-CSRF-Token': token }, body: { success: true } }
  },
  async verifyUser({ body, actor, session }, deps) {
    const given = { login: actor.username, password: body.password, actor }
    const user = await explainRefusal(confirmPassword(deps, given))
    // A token stays a token: who calls with one gets no session, which could do more.
    if (actor.credential.kind !== 'session') return { status: 200, body: { success: true } }
    const token = await session.signIn({ id: user.id, sessionEpoch: user.session_epoch })
    return { status: 200, headers: { 'X-Next-CSRF-Token': token }, body: { success: true } }
  },
  async logout({ actor, session }, deps) {
    // Whoever holds a token must not be able to keep its owner from signing in.
    if (actor.kind === 'user' && actor.credential.kind === 'session') await signOut(deps, actor)
    await session.signOut()
    return { status: 200, body: { success: true } }
  },
  retrieveExternalLoginAuthorizationUrl({ params }) {
    throw new RegistryError('invalid_request', `no service ${params.service_id} signs people in`)
  },
}

/** Quay answers wrong credentials with 403 and fields that its web page reads. */
async function explainRefusal(attempt: Promise<User>): Promise<User> {
  try {
    return await attempt
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'unauthorized') throw error
    // Right credentials of an account that is disabled or not confirmed yet.
    const isRight = error.options.extra?.reason !== undefined
    throw new RegistryError('insufficient_scope', error.message, {
      cause: error,
      extra: { needsEmailVerification: isRight, invalidCredentials: !isRight },
    })
  }
}

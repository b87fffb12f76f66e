import { RegistryError } from '#domain/errors.ts'
import { maxListed } from '#domain/list-limit.ts'
import { changeAccount } from '#services/change-account.ts'
import { convertAccount } from '#services/convert-user.ts'
import { deleteOwnAccount } from '#services/delete-account.ts'
import { initializeUser } from '#services/initialize-user.ts'
import { signUp } from '#services/sign-up.ts'
import { listShownNamespaces } from '#store/organization.ts'
import { findUserById, findUserByName, type User } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { userPrincipal, type Actor } from '#domain/principal.ts'
import type { Handlers } from '#operation.ts'
import { viewStranger, viewUser } from './user-view.ts'

/** Accounts. */
export const user: Handlers<
  | 'getLoggedInUser'
  | 'getUserInformation'
  | 'createNewUser'
  | 'changeUserDetails'
  | 'deleteCurrentUser'
  | 'convertUserToOrganization'
  | 'initializeUser'
> = {
  async getLoggedInUser({ actor }, deps) {
    const found = await findUserById(deps.db, actor.id)
    if (!found) throw new RegistryError('invalid_token', 'the account was deleted a moment ago')
    return { status: 200, body: await viewOf(deps, actor, found) }
  },
  async getUserInformation({ params, actor }, deps) {
    const found = await findUserByName(deps.db, params.username)
    if (!found) throw new RegistryError('not_found', `no user ${params.username}`)
    return { status: 200, body: await viewOf(deps, actor, found) }
  },
  async createNewUser({ body, actor, session }, deps) {
    const made = await signUp(deps, {
      username: body.username,
      email: body.email || null,
      password: body.password,
      inviteCode: body.invite_code,
      actor,
    })
    if (!made.is_verified) return { status: 200, body: { awaiting_verification: true } }
    const token = await session.signIn({ id: made.id, sessionEpoch: made.session_epoch })
    return {
      status: 200,
      headers: { 'X-Next-CSRF-Token': token },
      body: await viewOf(deps, signedIn(actor, made, deps), made),
    }
  },
  async changeUserDetails({ body, actor, session }, deps) {
    const changed = await changeAccount(deps, { actor, wanted: body })
    const view = await viewOf(deps, actor, changed)
    if (body.password === undefined || actor.credential.kind !== 'session')
      return { status: 200, body: view }
    // The new password has ended every session, this one too; the caller goes on in a fresh one.
    const token = await session.signIn({ id: changed.id, sessionEpoch: changed.session_epoch })
    return { status: 200, headers: { 'X-Next-CSRF-Token': token }, body: view }
  },
  async deleteCurrentUser({ actor, session }, deps) {
    await deleteOwnAccount(deps, { actor })
    await session.signOut()
    return { status: 204 }
  },
  async convertUserToOrganization({ body, actor, session }, deps) {
    const { adminUser: login, adminPassword: password } = body
    const admin = await convertAccount(deps, { login, password, actor })
    // A token stays a token: who calls with one gets no session.
    if (actor.credential.kind !== 'session') return { status: 200, body: { success: true } }
    const token = await session.signIn({ id: admin.id, sessionEpoch: admin.session_epoch })
    return { status: 200, headers: { 'X-Next-CSRF-Token': token }, body: { success: true } }
  },
  async initializeUser({ body, actor, session, request }, deps) {
    const { user: made, accessToken } = await initializeUser(deps, {
      host: request.host,
      username: body.username,
      email: body.email || null,
      password: body.password,
      accessToken: body.access_token,
      actor,
    })
    const token = await session.signIn({ id: made.id, sessionEpoch: made.session_epoch })
    const { username, email } = made
    const given = accessToken === undefined ? {} : { access_token: accessToken }
    const headers = { 'X-Next-CSRF-Token': token }
    return { status: 200, headers, body: { username, email, ...given } }
  },
}

function signedIn({ address, userAgent }: Actor, made: User, { clock, config }: Deps): Actor {
  const credential = { kind: 'session', signedInAt: clock.now() } as const
  return { ...userPrincipal(made, credential, config), address, userAgent }
}

/** What the caller may see of a user: oneself in full, others by name. */
async function viewOf({ db, config }: Deps, actor: Actor, found: User) {
  if (actor.kind === 'anonymous' || actor.id !== found.id) return viewStranger(actor, found)
  const wanted = { userId: found.id, others: config.PUBLIC_NAMESPACES, limit: maxListed }
  return viewUser(actor, found, {
    namespaces: await listShownNamespaces(db, wanted),
    rules: config,
  })
}

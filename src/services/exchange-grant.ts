import { checkLogin } from '#credentials/check-login.ts'
import { hashToken } from '#credentials/secrets.ts'
import { RegistryError } from '#domain/errors.ts'
import { robotPrincipal, userPrincipal, type KnownPrincipal } from '#domain/principal.ts'
import { mayLogInAsRobot } from '#domain/robot.ts'
import { findRefreshToken } from '#store/refresh-token.ts'
import { findRobotById } from '#store/robot.ts'
import { findUserById } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { issueToken, type IssuedToken } from './issue-token.ts'

/** The form of the token service (Docker's OAuth2 token specification). */
export interface TokenForm {
  grant_type: string
  service?: string
  client_id?: string
  access_type?: string
  scope?: string
  username?: string
  password?: string
  refresh_token?: string
}

/**
 * Gives a registry token for a password or a refresh token. Throws `unauthorized` (`invalid_grant`),
 * `too_many_attempts`, or `invalid_request` for a form that lacks something.
 */
export async function exchangeGrant(
  deps: Deps,
  form: TokenForm,
  host: string,
): Promise<IssuedToken> {
  const clientId = form.client_id ?? ''
  const request = { service: form.service, scopes: [form.scope ?? ''], host }
  switch (form.grant_type) {
    case 'password': {
      const principal = await checkLogin(deps, {
        login: demandField(form, 'username'),
        password: demandField(form, 'password'),
        host,
      })
      return issueToken(deps, {
        ...request,
        principal,
        ...(form.access_type === 'offline' ? { refreshFor: clientId } : {}),
      })
    }
    case 'refresh_token': {
      const principal = await findRefreshed(deps, {
        token: demandField(form, 'refresh_token'),
        host,
        clientId,
      })
      return issueToken(deps, { ...request, principal })
    }
    default:
      throw new RegistryError('invalid_request', 'grant_type must be password or refresh_token', {
        extra: { error: 'unsupported_grant_type' },
      })
  }
}

function demandField(form: TokenForm, field: 'username' | 'password' | 'refresh_token'): string {
  const value = form[field]
  if (value) return value
  throw new RegistryError('invalid_request', `the form lacks ${field}`)
}

/** A refresh token works for the client and the registry it was given to, until the password or robot token changes. */
async function findRefreshed(
  { db, clock, config }: Deps,
  given: { token: string; host: string; clientId: string },
): Promise<KnownPrincipal> {
  const found = await findRefreshToken(db, { tokenHash: hashToken(given.token), at: clock.now() })
  const isFor = found?.service === given.host && found.client_id === given.clientId
  const credential = { kind: 'refresh_token' } as const
  const user = isFor ? await findUserById(db, found.user_id) : undefined
  if (user?.enabled && user.credential_epoch === found?.credential_epoch)
    return userPrincipal(user, credential, config)
  const robot = isFor && !user ? await findRobotById(db, found.user_id) : undefined
  const mayLogIn = robot?.owner_enabled && mayLogInAsRobot(robot.username, config)
  if (mayLogIn && robot.credential_epoch === found?.credential_epoch)
    return robotPrincipal(robot, credential, config)
  throw new RegistryError(
    'unauthorized',
    'the refresh token is not valid here, or no longer: log in again',
  )
}

import { RegistryError } from '#domain/errors.ts'
import { userPrincipal, type KnownPrincipal, type StandingRules } from '#domain/principal.ts'
import { checkAppToken } from './check-app-token.ts'
import { checkCredentials, type CheckDeps } from './check-credentials.ts'
import { checkOAuthToken } from './check-oauth-token.ts'
import { checkRobot, type RobotLoginDeps } from './check-robot.ts'

/** What checking a login takes. */
export type LoginDeps = CheckDeps &
  RobotLoginDeps & { config: StandingRules & { FEATURE_APP_SPECIFIC_TOKENS: boolean } }

/**
 * Who logs in to the registry with a name and a secret, as docker and the like send them: a user or an e-mail
 * address with the password, a robot (`owner+short`) with its token or a password that it got for an outside token, `$app` with an app token, `$oauthtoken` with
 * an OAuth token. Throws `unauthorized`, saying which of the four was tried, or `too_many_attempts`.
 */
export async function checkLogin(
  deps: LoginDeps,
  { login, password, host }: { login: string; password: string; host: string },
): Promise<KnownPrincipal> {
  if (login === '$oauthtoken')
    return (
      (await checkOAuthToken(deps, password)) ??
      refuse('the OAuth token is unknown, expired or revoked')
    )
  if (login === '$app') {
    if (!deps.config.FEATURE_APP_SPECIFIC_TOKENS) refuse('this registry takes no app tokens')
    return (
      (await checkAppToken(deps, password)) ??
      refuse('the app token is unknown, expired or revoked')
    )
  }
  if (login.includes('+') && !login.includes('@'))
    return (
      (await checkRobot(deps, { username: login, token: password, host })) ??
      refuse('no robot of this name has this token')
    )
  const user = await checkCredentials(deps, { login, password })
  return userPrincipal(user, { kind: 'password' }, deps.config)
}

function refuse(message: string): never {
  throw new RegistryError('unauthorized', message, { challenge: {} })
}

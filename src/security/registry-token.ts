import { appTokenCredential } from '#credentials/check-app-token.ts'
import { oauthCredential } from '#credentials/check-oauth-token.ts'
import type { TokenSubject } from '#credentials/registry-tokens.ts'
import { RegistryError } from '#domain/errors.ts'
import {
  robotPrincipal,
  userPrincipal,
  type AccessEntry,
  type KnownPrincipal,
} from '#domain/principal.ts'
import { findAppTokenByUuid } from '#store/app-token.ts'
import { findOAuthTokenByUuid } from '#store/oauth.ts'
import { findRobotByUuid } from '#store/robot.ts'
import { findUserByUuid } from '#store/user.ts'
import { readAuthorization, type Scheme, type SecurityDeps } from './scheme.ts'

/**
 * The bearer token of `/v2`. It says who its subject was and what was granted; what the subject may do is
 * asked anew on each request. A changed password or robot token ends it, and so does the end of the OAuth or app
 * token that it was made with.
 */
export const registryToken: Scheme = async ({ authorization, host }, deps) => {
  const given = readAuthorization(authorization)
  if (!given) return undefined
  if (given.scheme !== 'bearer')
    throw refusal(`${given.scheme.slice(0, 20)} credentials are for the token service only`)
  const { subject, access } = await deps.verifyToken(given.value, host)
  if (!subject) return { kind: 'anonymous', credential: { kind: 'registry_token', access } }
  const principal = await finders[subject.kind](subject, access, deps)
  if (!principal)
    throw refusal('the token was made for an account or a token that has changed since')
  return principal
}

type Find = (
  subject: TokenSubject,
  access: AccessEntry[],
  deps: SecurityDeps,
) => Promise<KnownPrincipal | undefined>

/** How each kind of subject is looked up again; undefined when it is over. */
const finders: Record<TokenSubject['kind'], Find> = {
  async user({ reference, credentialEpoch }, access, { db, config }) {
    const user = await findUserByUuid(db, reference)
    if (!user?.enabled || user.credential_epoch !== credentialEpoch) return undefined
    return userPrincipal(user, { kind: 'registry_token', access }, config)
  },
  async robot({ reference, credentialEpoch }, access, { db, config }) {
    const robot = await findRobotByUuid(db, reference)
    if (!robot?.owner_enabled || robot.credential_epoch !== credentialEpoch) return undefined
    return robotPrincipal(robot, { kind: 'registry_token', access }, config)
  },
  async oauthtoken({ reference }, access, { db, config, clock }) {
    const found = await findOAuthTokenByUuid(db, { uuid: reference, at: clock.now() })
    if (!found?.enabled) return undefined
    const madeWith = oauthCredential(found)
    return userPrincipal(found, { kind: 'registry_token', access, madeWith }, config)
  },
  async appspecifictoken({ reference }, access, { db, config, clock }) {
    const found = await findAppTokenByUuid(db, { uuid: reference, at: clock.now() })
    if (!found?.enabled) return undefined
    const madeWith = appTokenCredential(found)
    return userPrincipal(found, { kind: 'registry_token', access, madeWith }, config)
  },
}

function refusal(reason: string): RegistryError {
  return new RegistryError('unauthorized', `${reason}: ask the token service for a new token`, {
    challenge: { error: 'invalid_token' },
  })
}

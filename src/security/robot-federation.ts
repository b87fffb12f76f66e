import { findLoginRobot } from '#credentials/check-robot.ts'
import { verifyOutsideToken } from '#credentials/outside-token.ts'
import { isLoopback } from '#config-kinds.ts'
import { RegistryError } from '#domain/errors.ts'
import { robotPrincipal } from '#domain/principal.ts'
import type { FederationEntry } from '#domain/robot.ts'
import { readBasic } from './basic.ts'
import type { Scheme } from './scheme.ts'

/**
 * A robot's whole name with a token of an issuer that stands for it. What is wrong goes to nobody: an unknown
 * robot and a token that does not fit are refused alike.
 */
export const robotFederation: Scheme = async ({ authorization, host }, deps) => {
  if (authorization === undefined) return undefined
  const given = readBasic(authorization)
  const robot = given && (await findLoginRobot(deps, given.login))
  if (!robot) throw refusal(given?.login)
  const wanted = {
    entries: robot.federation as unknown as FederationEntry[],
    ownerId: robot.owner_id,
    audience: ownAudience(host, deps.config),
    at: deps.clock.now(),
  }
  try {
    const { issuer, subject } = await verifyOutsideToken(deps.issuerKeys, given.password, wanted)
    return robotPrincipal(robot, { kind: 'outside_token', issuer, subject }, deps.config)
  } catch (cause) {
    throw refusal(given.login, cause)
  }
}

/**
 * What a token for this registry names as its audience. Without SERVER_HOSTNAME the host is what the caller has
 * written, who could name the service that a stolen token was made for; only a loopback name is nobody else's.
 */
function ownAudience(
  host: string,
  config: { SERVER_HOSTNAME: string | undefined },
): string | undefined {
  const name = new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '')
  return config.SERVER_HOSTNAME !== undefined || isLoopback(name) ? host : undefined
}

function refusal(login: string | undefined, cause?: unknown): RegistryError {
  const whom = login === undefined ? 'a robot' : `'${login.slice(0, 200)}'`
  const error = `the token does not stand for ${whom}: send a robot's name and a token of one of its issuers as Basic credentials`
  // The field that Quay's clients read.
  return new RegistryError('invalid_token', error, { cause, extra: { error } })
}

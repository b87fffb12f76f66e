import type { Clock } from '#domain/clock.ts'
import type { LastUse } from '#domain/last-use.ts'
import {
  robotPrincipal,
  type Credential,
  type RobotPrincipal,
  type StandingRules,
} from '#domain/principal.ts'
import { mayLogInAsRobot, type RobotRules } from '#domain/robot.ts'
import type { Db } from '#store/db.ts'
import { findRobotByName, type Robot } from '#store/robot.ts'
import { looksLikeRobotPassword, readRobotPassword, type RobotPassword } from './robot-passwords.ts'
import { hashToken, sameSecret } from './secrets.ts'
import type { SigningKeys } from './signing-keys.ts'

/** What checking a robot's login takes. */
export interface RobotLoginDeps {
  db: Db
  clock: Clock
  keys: SigningKeys
  lastUse: LastUse
  config: StandingRules & RobotRules & { INSTANCE_SERVICE_KEY_SERVICE: string }
}

/**
 * The robot `owner+short` with its token, or with the password that it got for an outside token at this host.
 * Undefined when there is none, its owner is disabled, or robots are disallowed and it is not on the list.
 */
export async function checkRobot(
  deps: RobotLoginDeps,
  given: { username: string; token: string; host: string },
): Promise<RobotPrincipal | undefined> {
  // Read before the robot is looked for: an unknown name costs what a wrong secret does.
  const secret = await readSecret(deps, given)
  const robot = await findLoginRobot(deps, given.username)
  const credential = robot && proveRobot(robot, secret)
  if (!credential) return undefined
  deps.lastUse.record('robot', robot.id)
  return robotPrincipal(robot, credential, deps.config)
}

/** A robot that may log in, whatever it shows for that. */
export async function findLoginRobot(
  { db, config }: Pick<RobotLoginDeps, 'db' | 'config'>,
  username: string,
): Promise<Robot | undefined> {
  if (!mayLogInAsRobot(username, config)) return undefined
  const robot = await findRobotByName(db, username)
  return robot?.owner_enabled ? robot : undefined
}

/** The hash of a robot's token, or what a password says that stands for a robot here; undefined when it is none. */
async function readSecret(
  { keys, clock, config }: RobotLoginDeps,
  { token, host }: { token: string; host: string },
): Promise<string | RobotPassword | undefined> {
  if (!looksLikeRobotPassword(token)) return hashToken(token)
  const place = { service: config.INSTANCE_SERVICE_KEY_SERVICE, host, at: clock.now() }
  return readRobotPassword(keys, token, place)
}

function proveRobot(
  robot: Robot,
  secret: string | RobotPassword | undefined,
): Credential | undefined {
  if (typeof secret === 'string')
    return sameSecret(robot.token_hash, secret) ? { kind: 'robot_token' } : undefined
  const isRobots = secret?.uuid === robot.uuid && secret.credentialEpoch === robot.credential_epoch
  return isRobots ? { kind: 'robot_password' } : undefined
}

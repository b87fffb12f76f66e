import { robotPrincipal, type RobotPrincipal, type StandingRules } from '#domain/principal.ts'
import type { Db } from '#store/db.ts'
import { findRobotByName } from '#store/robot.ts'
import { hashToken, sameSecret } from './secrets.ts'

/** The robot `owner+short` with this token; undefined when there is none, or its owner is disabled. */
export async function checkRobot(
  { db, config }: { db: Db; config: StandingRules },
  { username, token }: { username: string; token: string },
): Promise<RobotPrincipal | undefined> {
  const robot = await findRobotByName(db, username)
  if (!robot?.owner_enabled || !sameSecret(robot.token_hash, hashToken(token))) return undefined
  return robotPrincipal(robot, { kind: 'robot_token' }, config)
}

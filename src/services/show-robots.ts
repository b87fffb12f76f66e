import { RegistryError } from '#domain/errors.ts'
import { maxListed } from '#domain/list-limit.ts'
import { findRobot, type RobotDetails, type RobotKey } from '#store/robot-change.ts'
import { listRobots, type ListedRobot } from '#store/robot-list.ts'
import type { Deps } from '#deps.ts'
import { withHoldings, type Holdings } from './with-holdings.ts'

/** A robot and its token, for those who may see that. */
export type WithToken<R> = R & { token?: string }

/** A robot, and what it is in and was given a role on, for those who asked for that. */
export type MaybeWithHoldings<R> = R & Partial<Holdings>

/** Robots of a namespace by name, the first `limit` of them; `tokens` and `permissions` say how much of each. */
export async function showRobots(
  { db, sealer }: Deps,
  wanted: { ownerId: number; limit: number; tokens: boolean; permissions: boolean },
): Promise<MaybeWithHoldings<WithToken<ListedRobot>>[]> {
  const robots = await listRobots(db, wanted)
  const shown = wanted.tokens ? robots.map((robot) => withToken(robot, sealer)) : robots
  // All that a robot holds lies in the namespace of its owner.
  const inside = { namespaceId: wanted.ownerId, limitOfEach: maxListed }
  return wanted.permissions ? withHoldings(db, inside, shown) : shown
}

/** A robot of a namespace. Throws `invalid_request` when there is none. */
export async function showRobot(
  { db, sealer }: Deps,
  { tokens, ...key }: RobotKey & { tokens: boolean },
): Promise<WithToken<RobotDetails>> {
  const robot = demandRobot(await findRobot(db, key), key)
  return tokens ? withToken(robot, sealer) : robot
}

/** An unknown robot is a bad request, as with Quay: its clients look for that. */
export function demandRobot<R>(robot: R | undefined, { shortName }: RobotKey): R {
  if (robot !== undefined) return robot
  throw new RegistryError('invalid_request', `Could not find robot '${shortName.slice(0, 80)}'`)
}

function withToken<R extends { sealed_token: Buffer }>(
  robot: R,
  sealer: Deps['sealer'],
): WithToken<R> {
  return { ...robot, token: sealer.unseal(robot.sealed_token) }
}

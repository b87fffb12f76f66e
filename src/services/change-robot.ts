import { hashToken, randomRobotToken } from '#credentials/secrets.ts'
import type { UserActor } from '#domain/principal.ts'
import { transact } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import {
  changeRobotToken,
  deleteRobotAccount,
  lockRobot,
  renewRobotEpoch,
  type RobotDetails,
  type RobotKey,
} from '#store/robot-change.ts'
import type { Deps } from '#deps.ts'
import { demandRobot, type WithToken } from './show-robots.ts'

/** A robot and who changes it. */
export type RobotChange = RobotKey & { actor: UserActor }

/**
 * Gives a robot another token; the former one, and all that was made with it, is over. Throws `invalid_request`
 * when there is no such robot. The audit row (`regenerate_robot_token`) is written in the same transaction.
 */
export async function regenerateRobotToken(
  { db, clock, sealer }: Deps,
  change: RobotChange,
): Promise<WithToken<RobotDetails>> {
  const token = randomRobotToken()
  const secrets = { sealedToken: sealer.seal(token), tokenHash: hashToken(token) }
  return transact(db, async (tx) => {
    const robot = demandRobot(await lockRobot(tx, change), change)
    await changeRobotToken(tx, { id: robot.id, ...secrets })
    await renewRobotEpoch(tx, robot.id)
    await writeLog(tx, {
      kind: 'regenerate_robot_token',
      actor: change.actor,
      namespaceId: change.ownerId,
      metadata: { robot: change.shortName },
      at: clock.now(),
    })
    return { ...robot, token }
  })
}

/**
 * Deletes a robot with its roles, its places in teams and its tokens. Throws `invalid_request` when there is no
 * such robot. The audit row (`delete_robot`) is written in the same transaction.
 */
export async function deleteRobot({ db, clock }: Deps, change: RobotChange): Promise<void> {
  await transact(db, async (tx) => {
    const robot = demandRobot(await lockRobot(tx, change), change)
    await deleteRobotAccount(tx, robot.id)
    await writeLog(tx, {
      kind: 'delete_robot',
      actor: change.actor,
      namespaceId: change.ownerId,
      metadata: { robot: change.shortName },
      at: clock.now(),
    })
  })
}

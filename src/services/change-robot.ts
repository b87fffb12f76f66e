import { hashToken, randomRobotToken } from '#credentials/secrets.ts'
import type { UserActor } from '#domain/principal.ts'
import { transact } from '#store/db.ts'
import { addJob } from '#store/job.ts'
import { writeLog } from '#store/log.ts'
import { endHoldings } from '#store/namespace-removal.ts'
import {
  changeRobotToken,
  lockRobot,
  renewRobotEpoch,
  retireRobot,
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
 * Deletes a robot with its roles, its places in teams and its tokens; a job removes what is left of its account.
 * Throws `invalid_request` when there is no such robot. The audit row (`delete_robot`) is written in the same transaction.
 */
export async function deleteRobot({ db, clock }: Deps, change: RobotChange): Promise<void> {
  const at = clock.now()
  await transact(db, async (tx) => {
    const { id } = demandRobot(await lockRobot(tx, change), change)
    await endHoldings(tx, id)
    await retireRobot(tx, { id, at })
    await addJob(tx, 'purge-namespace', { namespaceId: id })
    await writeLog(tx, {
      kind: 'delete_robot',
      actor: change.actor,
      namespaceId: change.ownerId,
      metadata: { robot: change.shortName },
      at,
    })
  })
}

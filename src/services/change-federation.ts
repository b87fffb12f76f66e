import { RegistryError } from '#domain/errors.ts'
import type { FederationEntry } from '#domain/robot.ts'
import { transact } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { changeRobotFederation, lockRobot, renewRobotEpoch } from '#store/robot-change.ts'
import type { Deps } from '#deps.ts'
import type { RobotChange } from './change-robot.ts'
import { demandRobot } from './show-robots.ts'

/**
 * Replaces the list of whose tokens stand for a robot; with an entry that goes, everything ends that was got by
 * the robot's credentials until now. Throws `invalid_request` for an unknown robot, an issuer that is no https
 * URL, and a pair of issuer and subject that comes twice. The audit row (`create_robot_federation`) is written in
 * the same transaction.
 */
export async function replaceFederation(
  deps: Deps,
  change: RobotChange & { federation: FederationEntry[] },
): Promise<FederationEntry[]> {
  const { db, clock, outbound } = deps
  const { federation, shortName } = change
  for (const { issuer } of federation) outbound.parseUrl(issuer)
  const pairs = new Set(federation.map(({ issuer, subject }) => JSON.stringify([issuer, subject])))
  if (pairs.size < federation.length)
    throw new RegistryError('invalid_request', 'issuer and subject of two entries are the same')
  await transact(db, async (tx) => {
    const robot = demandRobot(await lockRobot(tx, change), change)
    await changeRobotFederation(tx, { id: robot.id, federation })
    if (losesEntry(robot.federation, federation)) await renewRobotEpoch(tx, robot.id)
    await writeLog(tx, {
      kind: 'create_robot_federation',
      actor: change.actor,
      namespaceId: change.ownerId,
      metadata: { config: federation, robot: shortName },
      at: clock.now(),
    })
  })
  return federation
}

/**
 * Lets no outside token stand for a robot any more, and ends what such tokens got. Throws `invalid_request` for an
 * unknown robot. The audit row (`delete_robot_federation`) is written in the same transaction.
 */
export async function endFederation({ db, clock }: Deps, change: RobotChange): Promise<void> {
  await transact(db, async (tx) => {
    const robot = demandRobot(await lockRobot(tx, change), change)
    await changeRobotFederation(tx, { id: robot.id, federation: [] })
    if (robot.federation.length > 0) await renewRobotEpoch(tx, robot.id)
    await writeLog(tx, {
      kind: 'delete_robot_federation',
      actor: change.actor,
      namespaceId: change.ownerId,
      metadata: { robot: change.shortName },
      at: clock.now(),
    })
  })
}

function losesEntry(before: FederationEntry[], after: FederationEntry[]): boolean {
  return before.some(
    (old) =>
      !after.some(
        (entry) =>
          entry.issuer === old.issuer &&
          entry.subject === old.subject &&
          entry.audience === old.audience,
      ),
  )
}

import { hashToken, randomRobotToken } from '#credentials/secrets.ts'
import { RegistryError } from '#domain/errors.ts'
import { writeMetadata } from '#domain/metadata.ts'
import { parseNamespaceName } from '#domain/name.ts'
import type { UserActor } from '#domain/principal.ts'
import { transact } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { holdNamespace } from '#store/namespace.ts'
import { insertRobot, type RobotKey } from '#store/robot-change.ts'
import type { Deps } from '#deps.ts'

/** A robot that was just made. */
export interface NewRobot {
  /** `owner+short`. */
  name: string
  token: string
  created_at: Date
}

/**
 * Makes a robot. Throws `invalid_request` for a bad name, for too much metadata, when it exists, and while robots are
 * disallowed. Of two that are made at once under one name, one is. The audit row (`create_robot`) is written in the same
 * transaction.
 */
export async function createRobot(
  { db, clock, config, sealer }: Deps,
  robot: RobotKey & {
    description: string
    metadata: Record<string, unknown>
    actor: UserActor
  },
): Promise<NewRobot> {
  if (config.ROBOTS_DISALLOW)
    throw new RegistryError('invalid_request', 'Robot accounts are disallowed (ROBOTS_DISALLOW)')
  const { ownerId, description, metadata, actor } = robot
  const shortName = parseNamespaceName(robot.shortName)
  const kept = writeMetadata(metadata)
  const token = randomRobotToken()
  const secrets = { sealedToken: sealer.seal(token), tokenHash: hashToken(token) }
  const at = clock.now()
  return transact(db, async (tx) => {
    if (!(await holdNamespace(tx, ownerId)))
      throw new RegistryError('invalid_request', 'the owner is being deleted')
    const made = await insertRobot(tx, { ...robot, shortName, metadata: kept, ...secrets, at })
    if (!made) throw new RegistryError('invalid_request', `Existing robot with name: ${shortName}`)
    await writeLog(tx, {
      kind: 'create_robot',
      actor,
      namespaceId: ownerId,
      metadata: { robot: shortName, description, unstructured_metadata: metadata },
      at,
    })
    return { name: made.name, token, created_at: at }
  })
}

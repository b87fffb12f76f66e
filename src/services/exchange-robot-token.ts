import { signRobotPassword } from '#credentials/robot-passwords.ts'
import type { RobotPrincipal, Origin } from '#domain/principal.ts'
import { transact } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import type { Deps } from '#deps.ts'

/**
 * Gives a robot that came with a token of another issuer a password for an hour, good at `host`. The audit row
 * (`federated_robot_token_exchange`) says whose token it was.
 */
export async function exchangeRobotToken(
  { db, clock, config, keys, lastUse }: Deps,
  { actor, host }: { actor: RobotPrincipal & Origin; host: string },
): Promise<string> {
  const at = clock.now()
  const place = { service: config.INSTANCE_SERVICE_KEY_SERVICE, host, at }
  const password = await signRobotPassword(keys, actor, place)
  const { issuer, subject } = actor.credential as { issuer?: string; subject?: string }
  await transact(db, (tx) =>
    writeLog(tx, {
      kind: 'federated_robot_token_exchange',
      actor,
      namespaceId: actor.ownerId,
      metadata: { subject, issuer, robot: actor.username.slice(actor.username.indexOf('+') + 1) },
      at,
    }),
  )
  lastUse.record('robot', actor.id)
  return password
}

import { hashToken, randomRobotToken } from '#credentials/secrets.ts'
import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { lockNamespaceByName } from '#store/namespace.ts'
import { listRobotIds, shutOutRobots } from '#store/robot-change.ts'
import { joinAdministrators } from '#store/team.ts'
import type { Deps } from '#deps.ts'
import { turnIntoOrganization } from './convert-user.ts'
import { lockPlainUser } from './install-user.ts'

/**
 * Makes a superuser an administrator of an organization; a user becomes one first, and cannot sign in any more. The
 * audit row (`take_ownership`) stands under the superuser. An organization is always enabled: the robots of a disabled
 * user get other tokens, so that whoever was shut out stays out. Throws `not_found`, or `invalid_request` for a superuser.
 */
export async function takeOwnership(
  { db, clock, config, sealer }: Deps,
  { namespace, actor }: { namespace: string; actor: UserActor },
): Promise<void> {
  await transact(db, async (tx) => {
    const found = await lockNamespaceByName(tx, namespace)
    if (!found) throw new RegistryError('not_found', `no user or organization ${namespace}`)
    const { id, kind } = found
    const user = kind === 'user' ? await lockPlainUser(tx, namespace, config) : undefined
    await writeLog(tx, {
      kind: 'take_ownership',
      actor,
      namespaceId: actor.id,
      metadata: {
        entity_id: id,
        namespace,
        was_user: kind === 'user',
        superuser: actor.username,
      },
      at: clock.now(),
    })
    if (user && !user.enabled) await renewRobots({ sealer }, tx, id)
    if (user) await turnIntoOrganization(tx, { userId: id, ownerId: actor.id })
    else await joinAdministrators(tx, { namespaceId: id, userId: actor.id })
  })
}

async function renewRobots({ sealer }: Pick<Deps, 'sealer'>, tx: Tx, ownerId: number) {
  const robots = (await listRobotIds(tx, ownerId)).map((id) => {
    const token = randomRobotToken()
    return { id, sealedToken: sealer.seal(token), tokenHash: hashToken(token) }
  })
  await shutOutRobots(tx, robots)
}

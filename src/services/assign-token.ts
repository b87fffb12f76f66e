import { RegistryError } from '#domain/errors.ts'
import { demandOAuthScopes } from '#domain/oauth-scope.ts'
import type { UserActor } from '#domain/principal.ts'
import type { ApplicationTarget } from '#domain/target.ts'
import { transact } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { deleteAssignment, insertAssignment } from '#store/oauth-assignment.ts'
import { deleteNotifications, insertNotification } from '#store/user-notification.ts'
import { findUserByName } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { assignmentKey, demandAddress } from './oauth-flow.ts'

/**
 * Asks a user to make a token of an application, and tells them. The audit row is `oauth_token_assigned`. Throws
 * `not_found` for who is unknown or disabled, `invalid_request` for scopes or an address that are none.
 */
export async function assignToken(
  { db, clock }: Deps,
  wanted: {
    application: ApplicationTarget
    username: string
    redirectUri: string
    scope: string
    baseUrl: string
    actor: UserActor
  },
): Promise<void> {
  const { application, redirectUri, actor } = wanted
  const responseType = 'token'
  demandAddress(application, { ...wanted, request: { redirectUri, responseType } })
  const scopes = demandOAuthScopes(wanted.scope)
  const at = clock.now()
  await transact(db, async (tx) => {
    const user = await findUserByName(tx, wanted.username)
    if (!user?.enabled) throw new RegistryError('not_found', `no user ${wanted.username}`)
    const assignment = { applicationId: application.id, redirectUri, scopes, responseType, at }
    const uuid = await insertAssignment(tx, { ...assignment, userId: user.id })
    await insertNotification(tx, {
      namespaceId: user.id,
      kind: 'assigned_authorization',
      metadata: { username: user.username },
      lookupKey: assignmentKey(uuid),
      at,
    })
    await writeLog(tx, {
      kind: 'oauth_token_assigned',
      actor,
      namespaceId: application.namespace.id,
      metadata: {
        assigning_user: actor.username,
        assigned_user: user.username,
        application: application.name,
        client_id: application.clientId,
      },
      at,
    })
  })
}

/** A user does not want to make a token that they were asked for. Throws `not_found`. */
export async function declineAssignment(
  { db }: Deps,
  assignment: { uuid: string; userId: number },
): Promise<void> {
  await transact(db, async (tx) => {
    if (!(await deleteAssignment(tx, assignment)))
      throw new RegistryError('not_found', `no assigned authorization ${assignment.uuid}`)
    await deleteNotifications(tx, assignmentKey(assignment.uuid))
  })
}

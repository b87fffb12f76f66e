import { RegistryError } from '#domain/errors.ts'
import { demandOAuthScopes } from '#domain/oauth-scope.ts'
import type { UserActor } from '#domain/principal.ts'
import type { ApplicationTarget } from '#domain/target.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { countAssignments, deleteAssignment, insertAssignment } from '#store/oauth-assignment.ts'
import { deleteNotifications, insertNotification } from '#store/user-notification.ts'
import { findUserByName, type User } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { holdApplication } from './hold-application.ts'
import { assignmentKey, demandAddress } from './oauth-flow.ts'

/** So many assignments of an application may wait for one user. */
const maxWaiting = 10

/**
 * Asks a user to make a token of an application, and tells them; what is asked again is told anew, once. The audit row is `oauth_token_assigned`. Throws
 * `not_found` for who is unknown or disabled, `invalid_request` for scopes or an address that are none, and when too many assignments wait.
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
    const { namespace, clientId } = application
    await holdApplication(tx, { namespaceId: namespace.id, clientId })
    const user = await findUserByName(tx, wanted.username)
    if (!user?.enabled) throw new RegistryError('not_found', `no user ${wanted.username}`)
    const assignment = { applicationId: application.id, redirectUri, scopes, responseType, at }
    await askOnce(tx, user, assignment)
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

/** The application must be locked, so that two at once do not pass the limit together. */
async function askOnce(
  tx: Tx,
  user: User,
  assignment: Omit<Parameters<typeof insertAssignment>[1], 'userId'>,
): Promise<void> {
  const { applicationId, at } = assignment
  const uuid = await insertAssignment(tx, { ...assignment, userId: user.id })
  if ((await countAssignments(tx, { applicationId, userId: user.id })) > maxWaiting)
    throw new RegistryError(
      'invalid_request',
      `${maxWaiting} tokens of the application wait for ${user.username}, as many as may`,
    )
  const lookupKey = assignmentKey(uuid)
  await deleteNotifications(tx, lookupKey)
  await insertNotification(tx, {
    namespaceId: user.id,
    kind: 'assigned_authorization',
    metadata: { username: user.username },
    lookupKey,
    at,
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

import { RegistryError } from '#domain/errors.ts'
import { isUuid } from '#domain/text.ts'
import {
  deleteAuthorization,
  findAuthorization,
  listAuthorizations,
  type Authorization,
} from '#store/application-token.ts'
import { declineAssignment } from '#services/assign-token.ts'
import { listAssignments, type Assignment } from '#store/oauth-assignment.ts'
import { deleteNotificationsOfKind } from '#store/user-notification.ts'
import type { Handlers } from '#operation.ts'
import { viewApplication, viewScopes } from './application-view.ts'

const maxListed = 1_000

/** What applications may do as the caller. */
export const authorization: Handlers<
  | 'listUserAuthorizations'
  | 'getUserAuthorization'
  | 'deleteUserAuthorization'
  | 'listAssignedAuthorizations'
  | 'deleteAssignedAuthorization'
> = {
  async listUserAuthorizations({ actor }, { db, clock }) {
    const wanted = { userId: actor.id, at: clock.now(), limit: maxListed }
    const found = await listAuthorizations(db, wanted)
    return { status: 200, body: { authorizations: found.map(viewAuthorization) } }
  },
  async getUserAuthorization({ actor, params }, { db, clock }) {
    const uuid = params.access_token_uuid
    const wanted = { userId: actor.id, at: clock.now(), uuid }
    const found = isUuid(uuid) && (await findAuthorization(db, wanted))
    if (!found) throw missing(uuid)
    return { status: 200, body: viewAuthorization(found) }
  },
  async deleteUserAuthorization({ actor, params }, { db }) {
    const uuid = params.access_token_uuid
    if (!isUuid(uuid) || !(await deleteAuthorization(db, { userId: actor.id, uuid })))
      throw missing(uuid)
    return { status: 204 }
  },
  async listAssignedAuthorizations({ actor }, { db }) {
    const found = await listAssignments(db, { userId: actor.id, limit: maxListed })
    // Who reads the list need not be told of it any more.
    await deleteNotificationsOfKind(db, { namespaceId: actor.id, kind: 'assigned_authorization' })
    return { status: 200, body: { authorizations: found.map(viewAssignment) } }
  },
  async deleteAssignedAuthorization({ actor, params }, deps) {
    const uuid = params.assigned_authorization_uuid
    if (!isUuid(uuid)) throw missing(uuid)
    await declineAssignment(deps, { uuid, userId: actor.id })
    return { status: 204 }
  },
}

function missing(uuid: string): RegistryError {
  return new RegistryError('not_found', `no authorization ${uuid}`)
}

function viewAssignment(found: Assignment) {
  return {
    application: { ...viewApplication(found), clientId: found.client_id },
    uuid: found.uuid,
    redirectUri: found.redirect_uri,
    scopes: viewScopes(found.scopes),
    responseType: found.response_type,
  }
}

function viewAuthorization(found: Authorization) {
  return {
    application: viewApplication(found),
    scopes: viewScopes(found.scopes),
    uuid: found.uuid,
  }
}

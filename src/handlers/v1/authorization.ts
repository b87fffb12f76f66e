import { RegistryError } from '#domain/errors.ts'
import {
  deleteAuthorization,
  findAuthorization,
  listAuthorizations,
  type Authorization,
} from '#store/application-token.ts'
import type { Handlers } from '#operation.ts'
import { viewApplication, viewScopes } from './application-view.ts'

const maxListed = 1_000

/** What applications may do as the caller. */
export const authorization: Handlers<
  'listUserAuthorizations' | 'getUserAuthorization' | 'deleteUserAuthorization'
> = {
  async listUserAuthorizations({ actor }, { db, clock }) {
    const wanted = { userId: actor.id, at: clock.now(), limit: maxListed }
    const found = await listAuthorizations(db, wanted)
    return { status: 200, body: { authorizations: found.map(viewAuthorization) } }
  },
  async getUserAuthorization({ actor, params }, { db, clock }) {
    const uuid = params.access_token_uuid
    const found = await findAuthorization(db, { userId: actor.id, at: clock.now(), uuid })
    if (!found) throw new RegistryError('not_found', `no authorization ${uuid}`)
    return { status: 200, body: viewAuthorization(found) }
  },
  async deleteUserAuthorization({ actor, params }, { db }) {
    const uuid = params.access_token_uuid
    if (!(await deleteAuthorization(db, { userId: actor.id, uuid })))
      throw new RegistryError('not_found', `no authorization ${uuid}`)
    return { status: 204 }
  },
}

function viewAuthorization(found: Authorization) {
  return {
    application: viewApplication(found),
    scopes: viewScopes(found.scopes),
    uuid: found.uuid,
  }
}

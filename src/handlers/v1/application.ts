import { avatarOf } from '#domain/avatar.ts'
import { isoMicroseconds } from '#domain/date.ts'
import { RegistryError } from '#domain/errors.ts'
import { demandOAuthScopes } from '#domain/oauth-scope.ts'
import { mintToken, revokeToken } from '#services/application-token.ts'
import {
  changeApplication,
  makeApplication,
  removeApplication,
  resetClientSecret,
  showApplication,
  showApplications,
} from '#services/change-application.ts'
import { findApplication, findOwnedApplication } from '#store/application.ts'
import { listApplicationTokens, type ApplicationToken } from '#store/application-token.ts'
import type { Handlers } from '#operation.ts'
import { viewOwner } from './application-view.ts'
import { cutPage, readPageToken } from './page-token.ts'

const pageSize = 50

/** OAuth applications and their tokens. */
export const application: Handlers<
  | 'getApplicationInformation'
  | 'getOrganizationApplications'
  | 'createOrganizationApplication'
  | 'getOrganizationApplication'
  | 'updateOrganizationApplication'
  | 'deleteOrganizationApplication'
  | 'resetOrganizationApplicationClientSecret'
  | 'listOrganizationApplicationTokens'
  | 'createOrganizationApplicationToken'
  | 'deleteOrganizationApplicationToken'
> = {
  async getApplicationInformation({ params, actor }, deps) {
    const found = await findOwnedApplication(deps.db, params.client_id)
    if (!found) throw new RegistryError('not_found', `no application ${params.client_id}`)
    const { name, description, application_uri: uri } = found
    const avatar = avatarOf('app', name, found.avatar_email)
    const organization = await viewOwner(deps, found, actor)
    return { status: 200, body: { name, description, uri, avatar, organization } }
  },
  async getOrganizationApplications({ target }, deps) {
    return { status: 200, body: { applications: await showApplications(deps, target) } }
  },
  async createOrganizationApplication({ target, body, actor }, deps) {
    const sent = {
      name: body.name,
      redirectUri: body.redirect_uri ?? '',
      applicationUri: body.application_uri ?? '',
      description: body.description ?? '',
      avatarEmail: body.avatar_email ?? null,
    }
    return { status: 200, body: await makeApplication(deps, { namespace: target, sent, actor }) }
  },
  async getOrganizationApplication({ target, params }, deps) {
    const clientId = params.client_id
    return { status: 200, body: await showApplication(deps, { namespace: target, clientId }) }
  },
  async updateOrganizationApplication({ target, params, body, actor }, deps) {
    const sent = {
      name: body.name,
      redirectUri: body.redirect_uri,
      applicationUri: body.application_uri,
      description: body.description ?? '',
      avatarEmail: body.avatar_email ?? null,
    }
    const change = { namespace: target, clientId: params.client_id, sent, actor }
    return { status: 200, body: await changeApplication(deps, change) }
  },
  async deleteOrganizationApplication({ target, params, actor }, deps) {
    await removeApplication(deps, { namespace: target, clientId: params.client_id, actor })
    return { status: 204 }
  },
  async resetOrganizationApplicationClientSecret({ target, params, actor }, deps) {
    const change = { namespace: target, clientId: params.client_id, actor }
    return { status: 200, body: await resetClientSecret(deps, change) }
  },
  async listOrganizationApplicationTokens({ target, params, query }, { db, clock }) {
    const clientId = params.client_id
    const found = await findApplication(db, { namespaceId: target.id, clientId })
    if (!found) throw new RegistryError('not_found', `no application ${clientId}`)
    const beforeId = readPageToken(query.next_page)
    const wanted = { applicationId: found.id, at: clock.now(), beforeId, limit: pageSize + 1 }
    const tokens = await listApplicationTokens(db, wanted)
    const { page, next } = cutPage(tokens, pageSize)
    return { status: 200, body: { tokens: page.map(viewToken), ...next } }
  },
  async createOrganizationApplicationToken({ target, params, body, actor }, deps) {
    const made = await mintToken(deps, {
      namespace: target,
      clientId: params.client_id,
      name: body.name,
      scopes: demandOAuthScopes(body.scope),
      expiration: body.expiration,
      actor,
    })
    return { status: 200, body: { ...viewToken(made), token: made.token } }
  },
  async deleteOrganizationApplicationToken({ target, params, actor }, deps) {
    const { client_id: clientId, token_uuid: uuid } = params
    await revokeToken(deps, { namespace: target, clientId, uuid, actor })
    return { status: 204 }
  },
}

function viewToken(token: Omit<ApplicationToken, 'id'>) {
  return {
    uuid: token.uuid,
    name: token.name,
    scope: token.scopes,
    expires_at: isoMicroseconds(token.expires_at),
    created: isoMicroseconds(token.created_at),
    created_by: token.created_by,
    last_accessed: token.last_used_at === null ? null : isoMicroseconds(token.last_used_at),
  }
}

import { RegistryError } from '#domain/errors.ts'
import { deleteByName, renameByName } from '#services/install-organization.ts'
import {
  changeInstallUser,
  createInstallUser,
  deleteInstallUser,
  sendInstallRecovery,
} from '#services/install-user.ts'
import { takeOwnership } from '#services/take-ownership.ts'
import { listOrganizations } from '#store/organization.ts'
import { findUserByName, listUsers } from '#store/user.ts'
import { superuserConfig } from '#config.ts'
import type { Handlers } from '#operation.ts'
import { cutPage, readPageToken } from './page-token.ts'
import { viewInstallOrganization, viewInstallUser } from './superuser-view.ts'

/** Size of a page that nobody has asked a size for. */
const usualSize = 10_000

/** What superusers do with everybody's accounts and organizations. */
export const superuser: Handlers<
  | 'listAllUsers'
  | 'createInstallUser'
  | 'getInstallUser'
  | 'changeInstallUser'
  | 'deleteInstallUser'
  | 'sendInstallUserRecoveryEmail'
  | 'listAllOrganizations'
  | 'changeOrganization'
  | 'deleteOrganization'
  | 'takeOwnership'
  | 'getSuperUserConfig'
> = {
  async listAllUsers({ query }, { db, config }) {
    const size = query.limit ?? usualSize
    const asked = { afterId: readPageToken(query.next_page), limit: size + 1 }
    const users = await listUsers(db, { withDisabled: query.disabled ?? true, ...asked })
    const { page, next } = cutPage(users, size)
    return {
      status: 200,
      body: { users: page.map((user) => viewInstallUser(user, config)), ...next },
    }
  },
  async createInstallUser({ body, actor }, deps) {
    const { username } = body
    const wanted = { username, email: body.email || null, actor }
    const { user, password } = await createInstallUser(deps, wanted)
    return { status: 200, body: { username, email: user.email, password } }
  },
  async getInstallUser({ params }, { db, config }) {
    const user = await findUserByName(db, params.username)
    if (!user) throw new RegistryError('not_found', `no user ${params.username}`)
    return { status: 200, body: viewInstallUser(user, config) }
  },
  async changeInstallUser({ params, body, actor }, deps) {
    const { password, email, enabled } = body
    const wanted = { password, email, enabled }
    const user = await changeInstallUser(deps, { username: params.username, wanted, actor })
    return { status: 200, body: viewInstallUser(user, deps.config) }
  },
  async deleteInstallUser({ params, actor }, deps) {
    await deleteInstallUser(deps, { username: params.username, actor })
    return { status: 204 }
  },
  async sendInstallUserRecoveryEmail({ params }, deps) {
    return { status: 200, body: { email: await sendInstallRecovery(deps, params) } }
  },
  async listAllOrganizations({ query }, { db }) {
    const size = query.limit ?? usualSize
    const asked = { afterId: readPageToken(query.next_page), limit: size + 1 }
    const { page, next } = cutPage(await listOrganizations(db, asked), size)
    return { status: 200, body: { organizations: page.map(viewInstallOrganization), ...next } }
  },
  async changeOrganization({ params, body, actor }, deps) {
    const renamed = await renameByName(deps, { name: params.name, newName: body.name, actor })
    return { status: 200, body: viewInstallOrganization(renamed) }
  },
  async deleteOrganization({ params, actor }, deps) {
    await deleteByName(deps, { name: params.name, actor })
    return { status: 204 }
  },
  async takeOwnership({ params, actor }, deps) {
    await takeOwnership(deps, { namespace: params.namespace, actor })
    return { status: 200, body: { namespace: params.namespace } }
  },
  getSuperUserConfig(_, { config }) {
    return { status: 200, body: { ...superuserConfig(config), warning: {}, env: {} } }
  },
}

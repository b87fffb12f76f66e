import { RegistryError } from '#domain/errors.ts'
import { maxListed } from '#domain/list-limit.ts'
import { changeOrganization, type OrganizationChanges } from '#services/change-organization.ts'
import { createOrganization } from '#services/create-organization.ts'
import { deleteOrganization } from '#services/delete-account.ts'
import { removeFromOrganization } from '#services/remove-member.ts'
import { showCollaborators, showMember, showMembers } from '#services/show-members.ts'
import type { Handlers } from '#operation.ts'
import { viewCollaborator, viewMembers, viewOrganization } from './organization-view.ts'

/** Accounts that a list shows at most, and teams and repositories of each. */
const limits = { limit: maxListed, limitOfEach: 100 }
/** Teams and repositories of a single member. */
const maxOfOne = 1_000

/** Organizations and who is in them. */
export const organization: Handlers<
  | 'createOrganization'
  | 'getOrganization'
  | 'changeOrganizationDetails'
  | 'deleteAdminedOrganization'
  | 'getOrganizationCollaborators'
  | 'getOrganizationMembers'
  | 'getOrganizationMember'
  | 'removeOrganizationMember'
> = {
  async createOrganization({ body, actor }, deps) {
    const email = body.contact_email || body.email || null
    await createOrganization(deps, { name: body.name, email, actor })
    return { status: 201, body: 'Created' }
  },
  async getOrganization({ target, actor }, deps) {
    return { status: 200, body: await viewOrganization(deps, { target, actor }) }
  },
  async changeOrganizationDetails({ target, body, actor }, deps) {
    const changes = changesOf(body)
    const seconds = await changeOrganization(deps, { organization: target, changes, actor })
    const changed = { ...target, tagExpirationSeconds: seconds }
    return { status: 200, body: await viewOrganization(deps, { target: changed, actor }) }
  },
  async deleteAdminedOrganization({ target, actor }, deps) {
    await deleteOrganization(deps, { organization: target, actor })
    return { status: 204 }
  },
  async getOrganizationCollaborators({ target }, deps) {
    const collaborators = await showCollaborators(deps, { namespaceId: target.id, ...limits })
    return { status: 200, body: { collaborators: collaborators.map(viewCollaborator) } }
  },
  async getOrganizationMembers({ target }, deps) {
    const members = await showMembers(deps, { namespaceId: target.id, ...limits })
    return { status: 200, body: { members: viewMembers(members) } }
  },
  async getOrganizationMember({ target, params }, deps) {
    const wanted = { namespaceId: target.id, name: params.membername, limitOfEach: maxOfOne }
    const member = await showMember(deps, wanted)
    if (!member)
      throw new RegistryError('not_found', `${params.membername} is no member of ${target.name}`)
    return { status: 200, body: viewMembers([member])[0]! }
  },
  async removeOrganizationMember({ target, params }, deps) {
    await removeFromOrganization(deps, { organization: target, username: params.membername })
    return { status: 204 }
  },
}

interface EmailFields {
  email?: string | null
  contact_email?: string | null
}

/** Clients send the address under two names; empty text means none. Undefined when neither was sent. */
function emailOf({ email, contact_email }: EmailFields): string | null | undefined {
  const sent = contact_email === undefined ? email : contact_email
  return sent === '' ? null : sent
}

interface SettingFields extends EmailFields {
  invoice_email?: boolean
  invoice_email_address?: string | null
  tag_expiration_s?: number
}

/** The settings that a body names; the others stay. */
function changesOf(body: SettingFields): OrganizationChanges {
  const { invoice_email, invoice_email_address, tag_expiration_s: tagExpirationSeconds } = body
  const email = emailOf(body)
  return {
    ...(email === undefined ? {} : { email }),
    ...(invoice_email === undefined ? {} : { invoice_email }),
    ...(invoice_email_address === undefined ? {} : { invoice_email_address }),
    ...(tagExpirationSeconds === undefined ? {} : { tagExpirationSeconds }),
  }
}

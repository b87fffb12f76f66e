import { RegistryError } from '#domain/errors.ts'
import { maxListed } from '#domain/list-limit.ts'
import type { ServiceJwk } from '#domain/service-key.ts'
import { approveSubmittedKey, changeKey, createKey, deleteKey } from '#services/service-key.ts'
import {
  findServiceKey,
  listServiceKeys,
  type ApprovalType,
  type ServiceKey,
} from '#store/service-key.ts'
import { listUsersById, type User } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import type { Handlers } from '#operation.ts'
import { viewInstallUser } from './superuser-view.ts'

/** Keys of other services, for superusers. */
export const serviceKey: Handlers<
  | 'listServiceKeys'
  | 'createServiceKey'
  | 'getServiceKey'
  | 'updateServiceKey'
  | 'deleteServiceKey'
  | 'approveServiceKey'
> = {
  async listServiceKeys(_, deps) {
    const keys = await listServiceKeys(deps.db, maxListed)
    return { status: 200, body: { keys: await viewKeys(deps, keys) } }
  },
  async createServiceKey({ body, actor }, deps) {
    const { service, name = '', metadata = {}, notes = '', expiration } = body
    const wanted = { service, name, metadata, notes, expiration, actor }
    const { key, publicPem, privatePem } = await createKey(deps, wanted)
    return {
      status: 200,
      body: { kid: key.kid, name, service, public_key: publicPem, private_key: privatePem },
    }
  },
  async getServiceKey({ params }, deps) {
    const key = await findServiceKey(deps.db, params.kid)
    if (!key) throw new RegistryError('not_found', `no key ${params.kid}`)
    return { status: 200, body: await viewKey(deps, key) }
  },
  async updateServiceKey({ params, body, actor }, deps) {
    const { name, metadata, expiration } = body
    const wanted = { name, metadata, expiration }
    const key = await changeKey(deps, { kid: params.kid, wanted, actor })
    return { status: 200, body: await viewKey(deps, key) }
  },
  async deleteServiceKey({ params, actor }, deps) {
    await deleteKey(deps, { kid: params.kid, actor })
    return { status: 204 }
  },
  async approveServiceKey({ params, body, actor }, deps) {
    await approveSubmittedKey(deps, { kid: params.kid, notes: body.notes ?? '', actor })
    return { status: 201 }
  },
}

async function viewKey(deps: Deps, key: ServiceKey) {
  const [view] = await viewKeys(deps, [key])
  return view!
}

async function viewKeys({ db, config }: Deps, keys: readonly ServiceKey[]) {
  const ids = new Set(keys.flatMap(({ approver_id }) => approver_id ?? []))
  const approvers = new Map((await listUsersById(db, [...ids])).map((user) => [user.id, user]))
  return keys.map((key) => ({
    name: key.name,
    kid: key.kid,
    service: key.service,
    jwk: key.public_jwk as unknown as ServiceJwk,
    metadata: key.metadata as Record<string, unknown>,
    created_date: key.created_at.toUTCString(),
    expiration_date: key.expires_at?.toUTCString() ?? null,
    rotation_duration: key.rotation_seconds,
    approval: viewApproval(key, approvers.get(key.approver_id ?? 0)),
  }))

  function viewApproval(key: ServiceKey, approver: User | undefined) {
    if (key.approved_at === null) return null
    return {
      approver: approver ? viewInstallUser(approver, config) : null,
      approval_type: key.approval_type as ApprovalType,
      approved_date: key.approved_at.toUTCString(),
      notes: key.approval_notes,
    }
  }
}

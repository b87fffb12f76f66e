import type { Digest } from '#domain/digest.ts'
import type { Db, Tx } from '#store/db.ts'
import { insertOrganization } from '#store/organization.ts'
import { grantRole, insertRepository } from '#store/repository.ts'
import type { User } from '#store/user.ts'
import type { Call } from '#test/support/client.ts'
import { makeImage, pushBlob, pushImage } from '#test/support/image.ts'
import { accounts } from './identities.ts'

/** What the repositories that hold anything hold. */
export interface Content {
  manifest: Digest
  /** A blob that no manifest names. */
  blob: Digest
  /** An upload under way, by full name of its repository. */
  uploads: ReadonlyMap<string, string>
}

/** Full name of a repository that a person asks for. */
export function fullNameOf(target: string, person: string | undefined): string {
  switch (target) {
    case 'own':
      return `${person}/own`
    case 'own-missing':
      return `${person}/missing`
    case 'org':
      return 'org/private'
    case 'org-missing':
      return 'org/missing'
    case 'nowhere':
      return 'nowhere/app'
    case 'disabled':
      return 'disabled/own'
    default:
      return `owner/${target}`
  }
}

/** Everybody's own repository, the owner's with their grants, the organization's with its teams. */
export async function makeRepositories(tx: Tx, users: ReadonlyMap<string, User>): Promise<void> {
  const at = new Date()
  const idOf = (name: string) => users.get(name)!.id
  const make = (namespaceId: number, name: string, isPublic = false) =>
    insertRepository(tx, { namespaceId, name, isPublic, description: null, at })
  for (const name of accounts) await make(idOf(name), 'own', name === 'disabled')
  for (const name of ['public', 'private', 'read-only']) {
    const repositoryId = (await make(idOf('owner'), name, name === 'public'))!
    const roles = { reader: 'read', writer: 'write', admin: 'admin', restricted: 'write' } as const
    for (const [person, role] of Object.entries(roles))
      await grantRole(tx, { repositoryId, userId: idOf(person), role })
  }
  const orgId = (await insertOrganization(tx, {
    name: 'org',
    ownerId: idOf('orgadmin'),
    tagExpirationSeconds: 86_400,
    at,
  }))!
  await make(orgId, 'private')
  for (const role of ['member', 'creator']) {
    const { id } = await tx
      .insertInto('team')
      .values({ namespace_id: orgId, name: `${role}s`, role })
      .returning('id')
      .executeTakeFirstOrThrow()
    await tx
      .insertInto('team_member')
      .values({ team_id: id, user_id: idOf(role) })
      .execute()
  }
}

/** Pushes an image as `latest`, a blob that nothing names, and begins an upload. */
export async function fillRepositories(call: Call): Promise<Content> {
  const image = makeImage('matrix')
  const loose = Buffer.from('a blob that no manifest names')
  const uploads = new Map<string, string>()
  const names = ['public', 'private', 'read-only'].map((name) => `owner/${name}`)
  let blob: Digest | undefined
  for (const name of [...names, 'org/private', 'restricted/own']) {
    await pushImage(call, name, ['latest'], image)
    blob = await pushBlob(call, name, loose)
    const begun = await call('POST', `/v2/${name}/blobs/uploads/`)
    uploads.set(name, begun.headers.get('docker-upload-uuid')!)
  }
  return { manifest: image.digest, blob: blob!, uploads }
}

/** Last, because nothing can be put in afterwards. */
export async function closeRepositories(db: Db): Promise<void> {
  const readOnly = db.updateTable('repository').set({ state: 'READ_ONLY' })
  await readOnly.where('name', '=', 'read-only').execute()
  const disabled = db.updateTable('namespace').set({ enabled: false })
  await disabled.where('name', '=', 'disabled').execute()
}

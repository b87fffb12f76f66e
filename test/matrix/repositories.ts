import type { Digest } from '#domain/digest.ts'
import type { TeamRole } from '#domain/access.ts'
import type { RepositoryRole } from '#domain/target.ts'
import type { Db, Tx } from '#store/db.ts'
import { insertOrganization } from '#store/organization.ts'
import { grantRole, insertRepository } from '#store/repository.ts'
import type { User } from '#store/user.ts'
import type { Call } from '#test/support/client.ts'
import { makeImage, pushBlob, pushImage } from '#test/support/image.ts'
import { grant } from '#test/support/account.ts'
import { makeRobot } from '#test/support/machine.ts'
import type { TestServer } from '#test/support/server.ts'
import { accounts, robots } from './identities.ts'

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
  const own = robots[person as keyof typeof robots]?.owner ?? person
  switch (target) {
    case 'own':
      return `${own}/own`
    case 'own-missing':
      return `${own}/missing`
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
  const orgRepositoryId = (await make(orgId, 'private'))!
  for (const [person, { role, granted }] of Object.entries(teams)) {
    const { id } = await tx
      .insertInto('team')
      .values({ namespace_id: orgId, name: `${person}s`, role })
      .returning('id')
      .executeTakeFirstOrThrow()
    await tx
      .insertInto('team_member')
      .values({ team_id: id, user_id: idOf(person) })
      .execute()
    if (granted)
      await tx
        .insertInto('repository_team_grant')
        .values({ repository_id: orgRepositoryId, team_id: id, role: granted })
        .execute()
  }
}

/** Teams of the organization, by the one user each holds; the grant is on the organization's repository. */
const teams: Record<string, { role: TeamRole; granted?: RepositoryRole }> = {
  member: { role: 'member' },
  creator: { role: 'creator' },
  teamreader: { role: 'member', granted: 'read' },
  teamwriter: { role: 'member', granted: 'write' },
  teamadmin: { role: 'member', granted: 'admin' },
}

/** A robot account and its token. */
export interface MatrixRobot {
  name: string
  token: string
}

/** Robots, by the name of their identity; after the repositories. */
export async function makeRobots(server: TestServer): Promise<Map<string, MatrixRobot>> {
  const { db } = server.deps
  const made = new Map<string, MatrixRobot>()
  for (const [name, robot] of Object.entries(robots)) {
    const account = await makeRobot(server, robot.owner, name)
    made.set(name, account)
    if ('role' in robot)
      for (const repository of ['public', 'private', 'read-only'])
        await grant(server, `owner/${repository}`, account.name, robot.role)
    if ('own' in robot) await grant(server, `${robot.owner}/own`, account.name, robot.own)
    if ('team' in robot) {
      const team = await db
        .selectFrom('team')
        .select('id')
        .where('name', '=', robot.team)
        .executeTakeFirstOrThrow()
      await db.insertInto('team_member').values({ team_id: team.id, user_id: account.id }).execute()
    }
  }
  return made
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

import { readFileSync } from 'node:fs'

import { makeImage } from '#test/support/image.ts'
import type { Identity } from './identities.ts'
import { namespaces, organizations, repositories } from './outcomes.ts'
import { fullNameOf, type Content } from './repositories.ts'

/** An operation as its document describes it, permissions left out. */
export interface DocumentedOperation {
  operationId: string
  face: 'v1' | 'v2'
  method: string
  path: string
  /** Media type of the body; undefined when it takes none. */
  bodyType: string | undefined
  /** Names of the query parameters that must be there. */
  requiredQuery: readonly string[]
}

interface Document {
  paths: Record<
    string,
    Record<
      string,
      {
        operationId?: string
        requestBody?: { content: Record<string, unknown> }
        parameters?: { name?: string; in?: string; required?: boolean }[]
      }
    >
  >
}

/** Every operation of both documents. */
export const operations: readonly DocumentedOperation[] = (['v1', 'v2'] as const).flatMap(
  (face) => {
    const url = new URL(`../../generated/${face}.json`, import.meta.url)
    const { paths } = JSON.parse(readFileSync(url, 'utf8')) as Document
    return Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { operationId, requestBody, parameters = [] }]) =>
        operationId === undefined
          ? []
          : [
              {
                operationId,
                face,
                method: method.toUpperCase(),
                path,
                bodyType: Object.keys(requestBody?.content ?? {})[0],
                requiredQuery: parameters
                  .filter((each) => each.in === 'query' && each.required)
                  .map(({ name = '' }) => name),
              },
            ],
      ),
    )
  },
)

/** What the target of an operation is, if it has one. */
export function kindOf({
  operationId,
  path,
}: Pick<DocumentedOperation, 'operationId' | 'path'>): 'repository' | 'namespace' | 'organization' {
  const isRepositorys = /\{repository\}|^\/v2\/\{name\}/.test(path) && operationId !== 'deleteStar'
  if (isRepositorys || operationId === 'issueToken' || operationId === 'createStar')
    return 'repository'
  return path.includes('{orgname}') ? 'organization' : 'namespace'
}

/** What an operation is asked for: repositories, organizations, namespaces, or nothing in particular (`-`). */
export function targetsOf({ operationId, path }: DocumentedOperation): readonly string[] {
  // A token is asked for with the scope of a repository.
  if (kindOf({ operationId, path }) === 'repository') return repositories
  if (path.includes('{orgname}')) return organizations
  return operationId === 'createRepo' ? namespaces : ['-']
}

/** A call, ready to be made. */
export interface Request {
  operationId: string
  method: string
  path: string
  contentType?: string | undefined
  body?: Buffer | undefined
}

/** One question of the matrix: who asks for what. */
export interface Cell {
  identity: Identity
  target: string
}

/**
 * A call that shows what the gate says and changes nothing: it asks for a parameter that no operation has, and
 * parameters are read behind the gate. createRepo, whose gate has to read the body, is asked for a name that no
 * repository can have.
 */
export function probe(operation: DocumentedOperation, cell: Cell & { content: Content }): Request {
  const { bodyType, operationId, requiredQuery } = operation
  if (operationId === 'createRepo')
    return request(operation, cell, newRepository(cell, 'Not A Name'))
  // Whether a repository may be starred stands in the body; a star changes no other cell.
  if (operationId === 'createStar') return attempt(operation, cell)
  const query = ['matrix=1', ...requiredQuery.map((name) => `${name}=x`)].join('&')
  const body = bodyType === 'application/json' ? {} : bodyType && 'body=1'
  const { path, ...rest } = request(operation, cell, body)
  return { ...rest, path: `${path}?${query}` }
}

/** The call in earnest: it would change something, if the gate let it in. */
export function attempt(
  operation: DocumentedOperation,
  cell: Cell & { content: Content },
): Request {
  const { manifest, blob } = cell.content
  switch (operation.operationId) {
    case 'createRepo':
      return request(operation, cell, newRepository(cell, 'intruder'))
    case 'createNewUser':
    case 'initializeUser':
      return request(operation, cell, {
        username: 'intruder',
        password: 'password-of-intruder',
        email: 'intruder@example.com',
      })
    case 'signinUser':
    case 'verifyUser':
      return request(operation, cell, { username: 'owner', password: 'password-of-owner' })
    case 'changeUserDetails':
      return request(operation, cell, { email: 'intruder@example.com' })
    case 'updateRepo':
      return request(operation, cell, { description: 'an intruder was here' })
    case 'changeRepoVisibility':
      return request(operation, cell, {
        visibility: cell.target === 'public' ? 'private' : 'public',
      })
    case 'changeRepoState':
      return request(operation, cell, {
        state: cell.target === 'read-only' ? 'NORMAL' : 'READ_ONLY',
      })
    case 'changeTag':
      return request(operation, cell, { expiration: 4_000_000_000 })
    case 'restoreTag':
    case 'removeTagFromTimemachine':
      return request(operation, cell, { manifest_digest: manifest, is_alive: true })
    case 'putManifest':
      return request(
        operation,
        cell,
        makeImage('matrix', { annotations: { by: 'intruder' } }).manifest,
      )
    case 'startBlobUpload':
    case 'patchBlobUpload':
      return request(operation, cell, 'intruder')
    case 'deleteBlob':
      return { ...request(operation, cell), path: pathOf(operation, cell, blob) }
    case 'finishBlobUpload': {
      const { path, ...rest } = request(operation, cell)
      return { ...rest, path: `${path}?digest=${blob}` }
    }
    case 'createStar': {
      const [namespace, ...name] = fullNameOf(cell.target, cell.identity.person).split('/')
      return request(operation, cell, { namespace, repository: name.join('/') })
    }
    default:
      return request(operation, cell, bodies[operation.operationId])
  }
}

const federation = [{ issuer: 'https://issuer.example.com', subject: 'intruder' }]

/** What an intruder would send; the other operations take no body, or need one that fits their target. */
const bodies: Record<string, object> = {
  createOrganization: { name: 'intruder', email: 'intruder@example.com' },
  changeOrganizationDetails: { email: 'intruder@example.com' },
  createOrganizationApplication: { name: 'intruder' },
  updateOrganizationApplication: { name: 'intruder', redirect_uri: '', application_uri: '' },
  createOrganizationApplicationToken: { name: 'intruder', scope: 'repo:read' },
  updateOrganizationTeam: { role: 'admin', description: 'an intruder was here' },
  changeTeamPermissions: { role: 'admin' },
  changeUserPermissions: { role: 'admin' },
  createOrganizationPrototypePermission: {
    role: 'admin',
    delegate: { name: 'member', kind: 'user' },
  },
  updateOrganizationPrototypePermission: { role: 'admin' },
  createOrgRobot: { description: 'an intruder was here' },
  createUserRobot: { description: 'an intruder was here' },
  createOrgRobotFederation: federation,
  createUserRobotFederation: federation,
  createAppToken: { title: 'intruder' },
  convertUserToOrganization: { adminUser: 'stranger', adminPassword: 'password-of-stranger' },
  updateUserNotification: { dismissed: true },
  createInstallUser: { username: 'intruder', email: 'intruder@example.com' },
  changeInstallUser: { enabled: false },
  changeOrganization: { name: 'intruder' },
  createServiceKey: { service: 'intruder', expiration: null },
  updateServiceKey: { name: 'intruder' },
  approveServiceKey: { notes: 'intruder' },
  createGlobalMessage: {
    message: { content: 'intruder', media_type: 'text/plain', severity: 'info' },
  },
}

function request(
  operation: DocumentedOperation,
  cell: Cell & { content: Content },
  body?: object | string,
): Request {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  return {
    operationId: operation.operationId,
    method: operation.method,
    path: pathOf(operation, cell),
    ...(body === undefined
      ? {}
      : {
          contentType: operation.bodyType,
          body: Buffer.from(isRaw ? body : JSON.stringify(body)),
        }),
  }
}

function newRepository({ target }: Cell, repository: string) {
  const namespace = target === 'own' ? {} : { namespace: target }
  return { repository, visibility: 'public', description: '', ...namespace }
}

function pathOf(
  { path }: DocumentedOperation,
  { target, identity, content }: Cell & { content: Content },
  digest: string = content.manifest,
): string {
  const repository = target === '-' ? 'owner/public' : fullNameOf(target, identity.person)
  const uuid = '0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11'
  const values: Record<string, string> = {
    orgname:
      target === 'self' ? (identity.person ?? 'owner') : target === 'user' ? 'owner' : target,
    teamname: 'members',
    membername: 'member',
    robot_shortname: 'robot',
    client_id: 'matrix',
    token_uuid: uuid,
    access_token_uuid: uuid,
    assigned_authorization_uuid: uuid,
    prototypeid: uuid,
    uuid,
    email: 'member@example.com',
    code: 'code',
    namespace: 'stranger',
    prefix: 'own',
    repository,
    name: path.startsWith('/v2') ? repository : 'org',
    tag: 'latest',
    reference: 'latest',
    digest,
    manifestref: digest,
    upload_uuid: content.uploads.get(repository) ?? '0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11',
    username: 'owner',
    error_type: 'not_found',
    service: 'registry',
    service_id: 'github',
    kid: 'none',
  }
  return path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined)
      throw new Error(`test/matrix/operations.ts has no value for the parameter ${name} of ${path}`)
    return value
  })
}

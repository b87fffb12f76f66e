import { permissions } from '#generated/permissions.ts'
import type { Fixture, Sent, Wanted } from './fixture.ts'
import type { World } from './world.ts'

/** JSON and forms are taken up to 1 MiB. */
const tooLong = 'x'.repeat(1_048_577)
/** They answer without a look at the database. */
const needsNothing = [
  'getRegistryCapabilities',
  'getErrorDescription',
  'getUiConfig',
  'discoverExtensions',
]
const identityHeaders = ['authorization', 'cookie', 'x-csrf-token']

interface Case {
  world: World
  operationId: keyof typeof permissions
  wanted: Wanted
}

/**
 * For statuses that come about alike everywhere: makes the request of a success into one that is refused.
 * Undefined where the refusal needs a fixture of its own.
 */
const rules: Record<
  number,
  (sent: Sent, of: Case) => Sent | undefined | Promise<Sent | undefined>
> = {
  400(sent, { wanted }) {
    if (wanted.requestType === 'application/json')
      return { ...sent, body: 'text where an object belongs' }
    const { digest, reference } = sent.path ?? {}
    if (digest !== undefined) return { ...sent, path: { ...sent.path, digest: 'sha256:short' } }
    if (reference !== undefined)
      return { ...sent, path: { ...sent.path, reference: 'sha256:short' } }
    return { ...sent, query: { ...sent.query, unheard: 'of' } }
  },
  401(sent, { operationId }) {
    const { api, permission } = permissions[operationId]
    const headers = Object.fromEntries(
      Object.entries(sent.headers ?? {}).filter(([name]) => !identityHeaders.includes(name)),
    )
    // What anybody may do is refused only by a registry that serves nobody anonymously.
    const isForAnybody = api === 'v1' && permission.require === 'anyone'
    return { ...sent, headers, ...(isForAnybody ? { server: 'closed' } : {}) }
  },
  async 403(sent, { world, operationId }) {
    const { api, permission } = permissions[operationId]
    if (api === 'v1') {
      // Everybody may administer their own account; a token that was not made for it may not.
      const narrow = { authorization: `Bearer ${world.narrow}` }
      const isOwn = permission.require.startsWith('user:')
      const identity = isOwn ? narrow : world.as(world.people.stranger)
      return { ...sent, headers: { ...sent.headers, ...identity } }
    }
    if ('repositoryState' in permission) {
      await world.makeReadOnly(sent.path!.name!)
      return sent
    }
    const { repository, token } = world.disabled
    return {
      ...sent,
      path: { ...sent.path, name: repository },
      headers: { ...sent.headers, authorization: `Bearer ${token}` },
    }
  },
  async 404(sent, { world, operationId }) {
    const { api, permission } = permissions[operationId]
    const name = `${world.people.keeper.name}/${world.name()}`
    // Only the warden would see that an organization is missing.
    if (sent.path?.orgname !== undefined)
      return {
        ...sent,
        path: { ...sent.path, orgname: world.name() },
        headers: { ...sent.headers, ...world.as(world.people.warden) },
      }
    if (api === 'v1') return { ...sent, path: { ...sent.path, repository: name } }
    // Who may create the repository is not told that it is missing; without its namespace nobody may any more.
    const isMade = 'mayBeMissing' in permission
    const missing = isMade ? `${world.name()}/${world.name()}` : name
    const token = isMade
      ? await world.earlierToken(world.people.warden, `repository:${missing}:pull,push`)
      : await world.token(world.people.keeper, `repository:${missing}:pull,push,delete`)
    return {
      ...sent,
      path: { ...sent.path, name: missing },
      headers: { ...sent.headers, ...token },
    }
  },
  408: (sent, { wanted }) =>
    wanted.requestType === '' ? undefined : { ...sent, server: 'hasty', unfinished: true },
  409(sent, { world, operationId }) {
    const { repository, tag, other } = world.immutable
    return permissions[operationId].api === 'v1'
      ? { ...sent, path: { repository, tag }, body: sent.body && { manifest_digest: other } }
      : undefined
  },
  413: (sent) => ({ ...sent, body: tooLong }),
  415: (sent) => ({ ...sent, headers: { ...sent.headers, 'content-type': 'text/plain' } }),
  503: (sent, { operationId }) =>
    needsNothing.includes(operationId) ? undefined : { ...sent, server: 'down' },
}

/**
 * The request for a pair that has no fixture of its own, made of the one for the operation's success. Undefined when
 * no rule makes one.
 */
export async function applyRule(
  { operationId, status, success }: { operationId: string; status: number; success: Fixture },
  world: World,
  wanted: Wanted,
): Promise<Sent | undefined> {
  const rule = rules[status]
  if (!rule) return undefined
  const id = operationId as keyof typeof permissions
  return rule(await success(world, wanted), { world, operationId: id, wanted })
}

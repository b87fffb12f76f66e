import { setTimeout as sleep } from 'node:timers/promises'

import { measured } from '../check.ts'
import type { Server } from '../npm-server.ts'
import type { Api } from './api.ts'
import type { Plan } from './plan.ts'

const rounds = 200

/**
 * Asks for each list again and again, one request at a time, and tells how long the registry took by its own log, and
 * how long the client waited, over loopback. The log level must be `info`.
 */
export async function measureLists(
  api: Api,
  server: Server,
  { large, organizations, repositories }: Plan,
) {
  const small = organizations[1]!
  const { name } = large
  const lists: Record<string, string> = {
    [`listRepoUserPermissions, ${large.robots.length} roles`]: `/repository/${large.repository}/permissions/user/`,
    'listRepoUserPermissions, a few': `/repository/${small}/api/permissions/user/`,
    [`getOrgRobots, ${large.robots.length} robots`]: `/organization/${name}/robots`,
    [`getOrgRobots with roles, ${large.robots.length} robots`]: `/organization/${name}/robots?permissions=true&token=false`,
    'getOrgRobots, a few': `/organization/${small}/robots`,
    getOrganizationMembers: `/organization/${name}/members`,
    getOrganizationCollaborators: `/organization/${name}/collaborators`,
    getOrganizationTeamMembers: `/organization/${name}/team/builders/members`,
    getOrganizationPrototypePermissions: `/organization/${name}/prototypes`,
    [`listAllOrganizations, 100 of ${organizations.length}`]: '/superuser/organizations/?limit=100',
    'listAllUsers, 100': '/superuser/users/?limit=100',
    [`listRepos, the first page of ${repositories.length}`]: '/repository?public=true',
    'listRepos of an organization': `/repository?namespace=${name}`,
    getOrganization: `/organization/${name}`,
    getMatchingEntities: `/entities/robot1?namespace=${name}&includeTeams=true`,
  }
  for (const [what, path] of Object.entries(lists)) {
    for (let warm = 0; warm < 20; warm++) await api.get(path)
    const waited: number[] = []
    for (let round = 0; round < rounds; round++) {
      const since = performance.now()
      await api.get(path)
      waited.push(performance.now() - since)
    }
    const took = (await loggedMs(server, api.requests())).slice(-rounds)
    measured(what, `registry ${shares(took)}; client ${shares(waited)}`)
  }
}

/** How long each request with a token took by the log. A line is written after its answer: waits until all are there. */
async function loggedMs({ output }: Server, requests: number): Promise<number[]> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const lines = output().match(/^\{.*"user":.*"msg":"request"\}$/gm) ?? []
    if (lines.length >= requests)
      return lines.map((line) => (JSON.parse(line) as { ms: number }).ms)
    await sleep(50)
  }
  throw new Error(`the log has fewer than ${requests} requests`)
}

function shares(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => `${sorted[Math.floor(sorted.length * share)]!.toFixed(1)} ms`
  return `p50 ${at(0.5)}, p99 ${at(0.99)}`
}

import { measured } from '../check.ts'
import type { Api } from './api.ts'
import type { Plan } from './plan.ts'

const rounds = 200

/** Asks for each list again and again, one request at a time, and tells how long that took, over loopback. */
export async function measureLists(api: Api, { large, organizations, repositories }: Plan) {
  const small = organizations[1]!
  const lists: Record<string, string> = {
    [`listRepoUserPermissions, ${large.robots.length} roles`]: `/repository/${large.repository}/permissions/user/`,
    'listRepoUserPermissions, a few': `/repository/${small}/api/permissions/user/`,
    [`getOrgRobots, ${large.robots.length} robots`]: `/organization/${large.name}/robots`,
    [`getOrgRobots with roles, ${large.robots.length} robots`]: `/organization/${large.name}/robots?permissions=true&token=false`,
    'getOrgRobots, a few': `/organization/${small}/robots`,
    getOrganizationMembers: `/organization/${large.name}/members`,
    getOrganizationPrototypePermissions: `/organization/${large.name}/prototypes`,
    [`listAllOrganizations, 100 of ${organizations.length}`]: '/superuser/organizations/?limit=100',
    'listAllUsers, 100': '/superuser/users/?limit=100',
    [`listRepos, the first page of ${repositories.length}`]: '/repository?public=true',
    'listRepos of an organization': `/repository?namespace=${large.name}`,
    getOrganization: `/organization/${large.name}`,
  }
  for (const [what, path] of Object.entries(lists)) {
    for (let warm = 0; warm < 20; warm++) await api.get(path)
    const times: number[] = []
    for (let round = 0; round < rounds; round++) {
      const since = performance.now()
      await api.get(path)
      times.push(performance.now() - since)
    }
    const sorted = times.toSorted((a, b) => a - b)
    const at = (share: number) => `${sorted[Math.floor(rounds * share)]!.toFixed(1)} ms`
    measured(what, `p50 ${at(0.5)}, p99 ${at(0.99)}`)
  }
}

// What Terraform does to a registry: 1,000 organizations, 5,000 robots and 20,000 roles are made by API calls, in parallel, and
// then listed. `ok -` says that everything was made and is listed completely; how long lists take is measured: by the log of
// the registry, and by a client over loopback.
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'

import { check, inSeconds, measured } from './check.ts'
import { makeApi, inParallel, type Api } from './churn/api.ts'
import { measureLists } from './churn/lists.ts'
import { planChurn, type Plan } from './churn/plan.ts'
import { initializeUser, withServer } from './npm-server.ts'

const { values } = parseArgs({ options: { organizations: { type: 'string', default: '1000' } } })
const wanted = planChurn(Number(values.organizations))
const environment = {
  FEATURE_REQUIRE_TEAM_INVITE: 'false',
  FEATURE_SUPERUSERS_FULL_ACCESS: 'true',
  LOG_LEVEL: 'info',
}

await withServer({ port: 18_108, environment }, async (server) => {
  const api = makeApi(server.url, await initializeUser(server, 'admin', 'password'))
  const since = performance.now()
  await check('organizations, robots, repositories and roles are made by parallel requests', () =>
    makeAll(api, wanted),
  )
  const took = performance.now() - since
  const perSecond = Math.round(api.requests() / (took / 1000))
  measured('churn', `${api.requests()} requests in ${inSeconds(took)}, ${perSecond} a second`)
  await check('every organization, robot, repository and role is listed, once', () =>
    demandComplete(api, wanted),
  )
  await measureLists(api, server, wanted)
})

/** Makes everything; what depends on something comes after it. Each request must be answered as made. */
async function makeAll(
  api: Api,
  { organizations, users, robots, repositories, grants, large }: Plan,
) {
  const step = async <T>(what: string, all: readonly T[], make: (one: T) => Promise<unknown>) => {
    const since = performance.now()
    await inParallel(all, make)
    const perSecond = Math.round(all.length / ((performance.now() - since) / 1000))
    measured(`churn, ${what}`, `${all.length}, ${perSecond} a second`)
  }
  await step('organizations', organizations, (name) =>
    api.send('POST', '/organization/', { name, email: `${name}@example.com` }),
  )
  await step('robots', robots, ({ organization, short }) =>
    api.send('PUT', `/organization/${organization}/robots/${short}`, {}),
  )
  await step('repositories', repositories, ({ namespace, repository }) =>
    api.send('POST', '/repository', {
      namespace,
      repository,
      visibility: 'private',
      description: '',
    }),
  )
  await step('roles', grants, ({ repository, robot }) =>
    api.send('PUT', `/repository/${repository}/permissions/user/${robot}`, { role: 'write' }),
  )
  await step('users', users, (username) =>
    api.send('POST', '/superuser/users/', { username, email: `${username}@example.com` }),
  )
  const team = `/organization/${large.name}/team/builders`
  await api.send('PUT', team, { role: 'member' })
  await step('members', [...users, ...large.robots.slice(0, 200)], (name) =>
    api.send('PUT', `${team}/members/${name}`),
  )
  await step('default permissions', large.robots.slice(0, 200), (name) =>
    api.send('POST', `/organization/${large.name}/prototypes`, {
      role: 'read',
      delegate: { name, kind: 'user' },
    }),
  )
}

async function demandComplete(api: Api, plan: Plan): Promise<void> {
  const listed = await api.pages<{ name: string }>(
    '/superuser/organizations/?limit=100',
    'organizations',
  )
  demandSame(
    listed.map(({ name }) => name),
    plan.organizations,
  )
  const users = await api.pages<{ username: string }>('/superuser/users/?limit=100', 'users')
  demandSame(
    users.map(({ username }) => username),
    [...plan.users, 'admin'],
  )
  const robots: string[] = []
  const repositories: string[] = []
  await inParallel(plan.organizations, async (organization) => {
    const found = await api.get<{ robots: { name: string }[] }>(
      `/organization/${organization}/robots?permissions=false&token=false`,
    )
    robots.push(...found.robots.map(({ name }) => name))
    const inside = await api.pages<{ name: string }>(
      `/repository?namespace=${organization}`,
      'repositories',
    )
    repositories.push(...inside.map(({ name }) => `${organization}/${name}`))
  })
  demandSame(
    robots,
    plan.robots.map(({ organization, short }) => `${organization}+${short}`),
  )
  demandSame(
    repositories,
    plan.repositories.map(({ namespace, repository }) => `${namespace}/${repository}`),
  )
  const roles: string[] = []
  await inParallel(repositories, async (repository) => {
    const { permissions } = await api.get<{ permissions: Record<string, { is_robot: boolean }> }>(
      `/repository/${repository}/permissions/user/`,
    )
    for (const [name, { is_robot }] of Object.entries(permissions))
      if (is_robot) roles.push(`${repository} ${name}`)
  })
  demandSame(
    roles,
    plan.grants.map(({ repository, robot }) => `${repository} ${robot}`),
  )
}

function demandSame(found: string[], made: string[]): void {
  assert.deepEqual(found.toSorted(), made.toSorted())
}

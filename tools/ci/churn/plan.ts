/** What is made: names alone, so that two runs do the same. */
export interface Plan {
  organizations: string[]
  users: string[]
  robots: { organization: string; short: string }[]
  repositories: { namespace: string; repository: string }[]
  /** Each robot is a robot of the repository's organization. */
  grants: { repository: string; robot: string }[]
  /** The one organization that is a hundred times as large as the others. */
  large: { name: string; robots: string[]; repository: string }
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/**
 * For 1,000 organizations: 5,000 robots and 20,000 roles. A fifth of the robots and half of the roles belong to one
 * organization, because the lists that hurt are the long ones.
 */
export function planChurn(count: number): Plan {
  const organizations = times(count, (index) => `org-${String(index).padStart(4, '0')}`)
  const [large = '', ...small] = organizations
  const largeRobots = times(count, (index) => `robot${index}`)
  const largeRepositories = times(10, (index) => `app${index}`)
  const robots = largeRobots.map((short) => ({ organization: large, short }))
  const repositories = largeRepositories.map((repository) => ({ namespace: large, repository }))
  const grants = largeRepositories.flatMap((name) =>
    largeRobots.map((short) => ({ repository: `${large}/${name}`, robot: `${large}+${short}` })),
  )
  const wantedRobots = count * 5
  const wantedGrants = count * 20
  for (const [index, organization] of small.entries()) {
    const isLast = index === small.length - 1
    const own = times(isLast ? wantedRobots - robots.length : 4, (each) => `ci${each}`)
    robots.push(...own.map((short) => ({ organization, short })))
    const names = ['api', 'web', 'worker']
    repositories.push(...names.map((repository) => ({ namespace: organization, repository })))
    const pairs = names.flatMap((name) =>
      own.map((short) => ({
        repository: `${organization}/${name}`,
        robot: `${organization}+${short}`,
      })),
    )
    grants.push(...pairs.slice(0, isLast ? wantedGrants - grants.length : 10))
  }
  return {
    organizations,
    users: times(Math.ceil(count / 5), (index) => `user-${index}`),
    robots,
    repositories,
    grants,
    large: {
      name: large,
      robots: largeRobots.map((short) => `${large}+${short}`),
      repository: `${large}/app0`,
    },
  }
}

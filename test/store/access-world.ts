import fc from 'fast-check'
import { sql } from 'kysely'

import type { TeamRole } from '#domain/access.ts'
import { oauthScopes, type OAuthScope, type Principal, type Standing } from '#domain/principal.ts'
import type { RepositoryRole } from '#domain/target.ts'
import type { Db, Tx } from '#store/db.ts'

/** A small registry of people: two users, two organizations, a robot of each kind of owner, teams and grants. */
export interface World {
  repositories: WorldRepository[]
  teams: WorldTeam[]
  grants: { repository: string; account: string; role: RepositoryRole }[]
  teamGrants: { repository: string; team: string; role: RepositoryRole }[]
  /** Namespaces that are taken out of use. */
  disabled: string[]
}

export interface WorldRepository {
  /** `namespace/name`. */
  fullName: string
  namespace: string
  isPublic: boolean
  state: 'NORMAL' | 'READ_ONLY' | 'MARKED_FOR_DELETION'
}

export interface WorldTeam {
  /** `namespace/name`. */
  fullName: string
  namespace: string
  role: TeamRole
  members: string[]
}

/** Who asks: nobody without an account. */
export interface Caller {
  account: string | null
  standing: Standing
  /** Scopes of the OAuth token that was used; undefined: none was. */
  scopes: OAuthScope[] | undefined
  /** Asks with a registry token that was made with the credential. */
  byRegistryToken: boolean
}

const users = ['ann', 'bob']
const robots = ['ann+bot', 'acme+bot']
export const organizations = ['acme', 'beta']
export const accounts = [...users, ...robots]
const namespaces = [...users, ...organizations]
export const repositoryNames = namespaces.flatMap((owner) => [`${owner}/one`, `${owner}/two`])

const rarely = (probability: number) =>
  fc.integer({ min: 1, max: probability }).map((number) => number === 1)
const anyRole = fc.constantFrom<RepositoryRole>('read', 'write', 'admin')
/** One in two has none: `freq: 1` would mean that all have none. */
const maybeRole = fc.option(anyRole, { freq: 2 })

const anyRepositories = fc
  .tuple(
    ...repositoryNames.map((fullName) =>
      fc.record({
        fullName: fc.constant(fullName),
        namespace: fc.constant(fullName.split('/')[0]!),
        isPublic: rarely(4),
        state: fc.constantFrom(
          'NORMAL' as const,
          'READ_ONLY' as const,
          'MARKED_FOR_DELETION' as const,
        ),
      }),
    ),
  )
  .chain((made) => fc.subarray(made, { minLength: 3 }))

const anyTeams = fc.tuple(
  ...organizations.flatMap((namespace) =>
    ['t1', 't2'].map((name) =>
      fc.record({
        fullName: fc.constant(`${namespace}/${name}`),
        namespace: fc.constant(namespace),
        role: fc.constantFrom<TeamRole>('member', 'member', 'creator', 'admin'),
        members: fc.subarray(accounts),
      }),
    ),
  ),
)

/** Any world; it shrinks to one with nobody in it. */
export const anyWorld: fc.Arbitrary<World> = fc
  .record({ repositories: anyRepositories, teams: anyTeams, disabled: fc.subarray(namespaces) })
  .chain(({ repositories, teams, disabled }) => {
    const pairs = repositories.flatMap(({ fullName }) =>
      accounts.map((account) => ({ repository: fullName, account })),
    )
    const teamPairs = teams.flatMap((team) =>
      repositories
        .filter(({ namespace }) => namespace === team.namespace)
        .map(({ fullName }) => ({ repository: fullName, team: team.fullName })),
    )
    const withRoles = <P extends object>(all: P[]) =>
      fc
        .array(maybeRole, { minLength: all.length, maxLength: all.length })
        .map((roles) =>
          all.flatMap((pair, index) => (roles[index] ? [{ ...pair, role: roles[index] }] : [])),
        )
    return fc.record({
      repositories: fc.constant(repositories),
      teams: fc.constant(teams),
      disabled: rarely(3).map((isSo) => (isSo ? disabled : [])),
      grants: withRoles(pairs),
      teamGrants: withRoles(teamPairs),
    })
  })

/** Anybody who could ask in any world. */
export const anyCaller: fc.Arbitrary<Caller> = fc
  .record({
    account: fc.option(fc.constantFrom(...accounts), { freq: 8 }),
    superuser: rarely(3),
    globalReadonlySuperuser: rarely(4),
    scopes: fc.option(fc.subarray([...oauthScopes]), { nil: undefined }),
    byRegistryToken: fc.boolean(),
  })
  .map(({ account, superuser, globalReadonlySuperuser, scopes, byRegistryToken }) => {
    const isUser = account !== null && users.includes(account)
    return {
      account,
      standing: {
        superuser: isUser && superuser && !globalReadonlySuperuser,
        globalReadonlySuperuser: isUser && globalReadonlySuperuser,
        restricted: false,
      },
      scopes: isUser ? scopes : undefined,
      byRegistryToken,
    }
  })

/** Ids of what was inserted, by name. */
export type WorldIds = Map<string, number>

/** Inserts a world in five statements; gives the ids of namespaces and accounts by name. */
export async function insertWorld(tx: Tx, world: World): Promise<WorldIds> {
  const { repositories, teams, grants, teamGrants, disabled } = world
  const kindOf = (name: string) =>
    organizations.includes(name) ? 'organization' : robots.includes(name) ? 'robot' : 'user'
  const created_at = new Date(0)
  const made = await tx
    .insertInto('namespace')
    .values(
      [...namespaces, ...robots].map((name) => ({
        name,
        kind: kindOf(name),
        enabled: !disabled.includes(name),
        tag_expiration_seconds: 0,
        created_at,
      })),
    )
    .returning(['id', 'name'])
    .execute()
  const ids: WorldIds = new Map(made.map(({ id, name }) => [name, id]))
  await tx
    .insertInto('user_account')
    .values(accounts.map((name) => ({ namespace_id: ids.get(name)!, is_verified: true })))
    .execute()
  const insertAll = async (table: 'repository' | 'team', rows: object[]) =>
    rows.length === 0
      ? []
      : ((await tx
          .insertInto(table)
          .values(rows as never)
          .returning(['id', 'name', 'namespace_id'])
          .execute()) as { id: number; name: string; namespace_id: number }[])
  const nameOf = new Map(made.map(({ id, name }) => [id, name]))
  const idsOf = (rows: Awaited<ReturnType<typeof insertAll>>) =>
    new Map(rows.map((row) => [`${nameOf.get(row.namespace_id)}/${row.name}`, row.id]))
  const split = (fullName: string) => {
    const [namespace = '', name = ''] = fullName.split('/')
    return { namespace_id: ids.get(namespace)!, name }
  }
  const repositoryIds = idsOf(
    await insertAll(
      'repository',
      repositories.map(({ fullName, isPublic, state }) =>
        Object.assign(split(fullName), { is_public: isPublic, state, created_at }),
      ),
    ),
  )
  const teamIds = idsOf(
    await insertAll(
      'team',
      teams.map(({ fullName, role }) => Object.assign(split(fullName), { role })),
    ),
  )
  await sql`insert into team_member (team_id, user_id)
    select * from jsonb_to_recordset(${JSON.stringify(
      teams.flatMap(({ fullName, members }) =>
        members.map((name) => ({ team_id: teamIds.get(fullName), user_id: ids.get(name) })),
      ),
    )}::jsonb) as t(team_id bigint, user_id bigint)`.execute(tx)
  await sql`insert into repository_grant (repository_id, user_id, role)
    select * from jsonb_to_recordset(${JSON.stringify(
      grants.map(({ repository, account, role }) => ({
        repository_id: repositoryIds.get(repository),
        user_id: ids.get(account),
        role,
      })),
    )}::jsonb) as t(repository_id bigint, user_id bigint, role text)`.execute(tx)
  await sql`insert into repository_team_grant (repository_id, team_id, role)
    select * from jsonb_to_recordset(${JSON.stringify(
      teamGrants.map(({ repository, team, role }) => ({
        repository_id: repositoryIds.get(repository),
        team_id: teamIds.get(team),
        role,
      })),
    )}::jsonb) as t(repository_id bigint, team_id bigint, role text)`.execute(tx)
  return ids
}

/** The principal that the schemes would make of a caller. */
export function principalOf({ account, standing, scopes, byRegistryToken }: Caller, ids: WorldIds) {
  const token = scopes && {
    kind: 'oauth_token' as const,
    tokenId: 1,
    tokenUuid: '',
    application: '',
    applicationId: '',
    scopes,
  }
  const own = token ?? { kind: 'password' as const }
  const credential = byRegistryToken
    ? { kind: 'registry_token' as const, access: [], ...(token ? { madeWith: token } : {}) }
    : own
  if (account === null) return { kind: 'anonymous', credential } satisfies Principal
  const known = {
    id: ids.get(account)!,
    uuid: '',
    username: account,
    credentialEpoch: '',
    standing,
    credential,
  }
  return robots.includes(account)
    ? ({ ...known, kind: 'robot', ownerId: ids.get(account.split('+')[0]!)! } satisfies Principal)
    : ({ ...known, kind: 'user' } satisfies Principal)
}

/** Does something in a transaction that holds nothing in the end. */
export async function inPassing(db: Db, work: (tx: Tx) => Promise<void>): Promise<void> {
  const done = Symbol('done')
  await db
    .transaction()
    .execute(async (tx) => {
      await work(tx)
      throw done
    })
    .catch((thrown: unknown) => {
      if (thrown !== done) throw thrown
    })
}

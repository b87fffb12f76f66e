import { sql } from 'kysely'

import type { RepositoryRole } from '#domain/target.ts'
import type { Db, Tx } from './db.ts'

/** A role that a user or a robot was given on a repository. */
export interface UserGrant {
  name: string
  is_robot: boolean
  role: RepositoryRole
  /** In a team of the repository's namespace, or a robot of it. */
  is_member: boolean
}

/** A repository whose roles are asked for. */
export interface GrantsOf {
  repositoryId: number
  namespaceId: number
}

/** Users and robots who were given a role on a repository, by name: the first `limit` of them. */
export async function listUserGrants(
  db: Db,
  wanted: GrantsOf & { limit: number },
): Promise<UserGrant[]> {
  return userGrants(db, wanted, sql`true`)
}

/** The role that a user or a robot was given itself; undefined when there is none. */
export async function findUserGrant(
  db: Db,
  wanted: GrantsOf & { name: string },
): Promise<UserGrant | undefined> {
  const [found] = await userGrants(db, { ...wanted, limit: 1 }, sql`u.name = ${wanted.name}`)
  return found
}

async function userGrants(
  db: Db,
  wanted: GrantsOf & { limit: number },
  condition: ReturnType<typeof sql>,
): Promise<UserGrant[]> {
  const { rows } = await sql<UserGrant>`
    select u.name, u.kind = 'robot' as is_robot, g.role,
      u.kind = 'robot' or exists (select from team t join team_member m on m.team_id = t.id
        where t.namespace_id = ${wanted.namespaceId} and m.user_id = g.user_id) as is_member
    from repository_grant g join namespace u on u.id = g.user_id
    where g.repository_id = ${wanted.repositoryId} and u.deleted_at is null and ${condition}
    order by u.name limit ${wanted.limit}`.execute(db)
  return rows
}

/** Roles that a user or a robot was given itself and through teams, strongest first, each once. */
export async function listHeldRoles(
  db: Db,
  wanted: { repositoryId: number; name: string },
): Promise<RepositoryRole[]> {
  const { rows } = await sql<{ role: RepositoryRole }>`
    with who as (select id from namespace where name = ${wanted.name} and deleted_at is null)
    select role from (
      select g.role from repository_grant g join who on who.id = g.user_id
       where g.repository_id = ${wanted.repositoryId}
      union
      select g.role from repository_team_grant g join team_member m on m.team_id = g.team_id
        join who on who.id = m.user_id
       where g.repository_id = ${wanted.repositoryId}) held
    order by case role when 'admin' then 0 when 'write' then 1 else 2 end`.execute(db)
  return rows.map(({ role }) => role)
}

/** Takes the role on a repository from a user or a robot; false when there was none. */
export async function deleteUserGrant(
  tx: Tx,
  grant: { repositoryId: number; name: string },
): Promise<boolean> {
  const result = await tx
    .deleteFrom('repository_grant as g')
    .using('namespace as u')
    .whereRef('u.id', '=', 'g.user_id')
    .where('g.repository_id', '=', grant.repositoryId)
    .where('u.name', '=', grant.name)
    .where('u.deleted_at', 'is', null)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

/** A role that a team was given on a repository. */
export interface TeamGrant {
  name: string
  role: RepositoryRole
}

/** Teams that were given a role on a repository, by name: the first `limit` of them. */
export async function listTeamGrants(
  db: Db,
  wanted: { repositoryId: number; limit: number },
): Promise<TeamGrant[]> {
  return teamGrants(db, wanted.repositoryId).orderBy('t.name').limit(wanted.limit).execute()
}

/** The role of a team on a repository; undefined when there is none. */
export async function findTeamGrant(
  db: Db,
  wanted: { repositoryId: number; name: string },
): Promise<TeamGrant | undefined> {
  return teamGrants(db, wanted.repositoryId).where('t.name', '=', wanted.name).executeTakeFirst()
}

function teamGrants(db: Db, repositoryId: number) {
  return db
    .selectFrom('repository_team_grant as g')
    .innerJoin('team as t', 't.id', 'g.team_id')
    .select(['t.name', sql<RepositoryRole>`g.role`.as('role')])
    .where('g.repository_id', '=', repositoryId)
}

/** Gives a team of a namespace a role on a repository; false when there is no such team. */
export async function grantTeamRole(
  tx: Tx,
  grant: GrantsOf & { name: string; role: RepositoryRole },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into repository_team_grant (repository_id, team_id, role)
    select ${grant.repositoryId}::bigint, t.id, ${grant.role} from team t
     where t.namespace_id = ${grant.namespaceId} and t.name = ${grant.name} for key share
    on conflict (repository_id, team_id) do update set role = excluded.role`.execute(tx)
  return (numAffectedRows ?? 0n) > 0n
}

/** Takes the role on a repository from a team; false when there was none. */
export async function deleteTeamGrant(
  tx: Tx,
  grant: { repositoryId: number; name: string },
): Promise<boolean> {
  const result = await tx
    .deleteFrom('repository_team_grant as g')
    .using('team as t')
    .whereRef('t.id', '=', 'g.team_id')
    .where('g.repository_id', '=', grant.repositoryId)
    .where('t.name', '=', grant.name)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

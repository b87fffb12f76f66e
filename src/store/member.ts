import { sql, type RawBuilder } from 'kysely'

import type { TeamRole } from '#domain/access.ts'
import type { Db, Tx } from './db.ts'

/** A user or robot account in an organization. */
export interface Member {
  id: number
  name: string
  kind: 'user' | 'robot'
}

const memberIds = (namespaceId: number) => sql`
  select m.user_id from team t join team_member m on m.team_id = t.id
  where t.namespace_id = ${namespaceId}`

/**
 * Accounts by id, looked up one by one by their key (`limit 1` sees to that): whatever the planner knows of the tables, it
 * does not go through everybody else's accounts to find those of one organization.
 */
const accounts = (ids: RawBuilder<unknown>, condition: RawBuilder<unknown>) => sql<Member>`
  select u.id, u.name, u.kind from (${ids}) m
  cross join lateral (select n.id, n.name, n.kind from namespace n
    where n.id = m.user_id and n.deleted_at is null and ${condition} limit 1) u`

/** Users who are in teams of an organization, by name: the first `limit` of them. */
export async function listMembers(
  db: Db,
  wanted: { namespaceId: number; limit: number },
): Promise<Member[]> {
  const ids = sql`select distinct user_id from (${memberIds(wanted.namespaceId)}) of_teams`
  const { rows } = await sql<Member>`
    ${accounts(ids, sql`n.kind = 'user'`)} order by u.name limit ${wanted.limit}`.execute(db)
  return rows
}

/** Users and robots that were given roles on repositories of an organization without being in a team, by name. */
export async function listCollaborators(
  db: Db,
  wanted: { namespaceId: number; limit: number },
): Promise<Member[]> {
  const ids = sql`
    select g.user_id from repository r join repository_grant g on g.repository_id = r.id
      where r.namespace_id = ${wanted.namespaceId} and r.state <> 'MARKED_FOR_DELETION'
    except ${memberIds(wanted.namespaceId)}`
  const { rows } = await sql<Member>`
    ${accounts(ids, sql`true`)} order by u.name limit ${wanted.limit}`.execute(db)
  return rows
}

/** A user in a team of an organization, or a robot of the organization; undefined for others. */
export async function findMember(
  db: Db,
  wanted: { namespaceId: number; name: string },
): Promise<Member | undefined> {
  const { rows } = await sql<Member>`
    select id, name, kind from namespace u
    where u.name = ${wanted.name} and u.deleted_at is null
      and (u.id in (${memberIds(wanted.namespaceId)})
        or exists (select from robot r where r.account_id = u.id and r.owner_id = ${wanted.namespaceId}))`.execute(
    db,
  )
  return rows[0]
}

/**
 * Takes an account out of every team of an organization, takes back its roles on the repositories, those on future ones, and
 * the invitations that would let it in again.
 */
export async function removeMember(
  tx: Tx,
  { namespaceId, userId }: { namespaceId: number; userId: number },
): Promise<void> {
  const teamIds = sql`select id from team where namespace_id = ${namespaceId}`
  await sql`
    delete from team_member where user_id = ${userId} and team_id in (${teamIds})`.execute(tx)
  await sql`
    delete from repository_grant where user_id = ${userId}
      and repository_id in (select id from repository where namespace_id = ${namespaceId})`.execute(
    tx,
  )
  await sql`
    delete from default_permission where namespace_id = ${namespaceId}
      and ${userId}::bigint in (delegate_user_id, activating_user_id)`.execute(tx)
  await sql`
    delete from team_invite where team_id in (${teamIds})
      and (user_id = ${userId} or email = (select email from user_account where namespace_id = ${userId}))`.execute(
    tx,
  )
}

/** A team as its organization shows it. */
export interface ListedTeam {
  name: string
  description: string
  role: TeamRole
  /** The user who was asked about is in it. */
  is_mine: boolean
  repo_count: number
  member_count: number
}

/** Teams of an organization in the order in which they were made, the first `limit` of them. */
export async function listTeams(
  db: Db,
  wanted: { namespaceId: number; userId: number | null; limit: number },
): Promise<ListedTeam[]> {
  const { rows } = await sql<ListedTeam>`
    select t.name, t.description, t.role,
      exists (select from team_member m
        where m.team_id = t.id and m.user_id = ${wanted.userId}::bigint) as is_mine,
      (select count(*)::integer from repository_team_grant g join repository r on r.id = g.repository_id
        where g.team_id = t.id and r.state <> 'MARKED_FOR_DELETION') as repo_count,
      (select count(*)::integer from team_member m where m.team_id = t.id) as member_count
    from team t where t.namespace_id = ${wanted.namespaceId}
    order by t.id limit ${wanted.limit}`.execute(db)
  return rows
}

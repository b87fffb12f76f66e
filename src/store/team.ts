import { sql } from 'kysely'

import type { TeamRole } from '#domain/access.ts'
import type { RepositoryRole } from '#domain/target.ts'
import type { Db, Tx } from './db.ts'

/** A team of an organization. */
export interface Team {
  id: number
  name: string
  role: TeamRole
  description: string
}

/** Finds a team of an organization by name. */
export async function findTeam(db: Db, team: NamedTeam): Promise<Team | undefined> {
  return toTeam(await teams(db, team).executeTakeFirst())
}

/** Finds a team of an organization by name and keeps its row from being removed until the transaction ends. */
export async function holdTeam(tx: Tx, team: NamedTeam): Promise<Team | undefined> {
  return toTeam(await teams(tx, team).forKeyShare().executeTakeFirst())
}

interface NamedTeam {
  namespaceId: number
  name: string
}

function teams(db: Db, team: NamedTeam) {
  return db
    .selectFrom('team')
    .select(['id', 'name', 'role', 'description'])
    .where('namespace_id', '=', team.namespaceId)
    .where('name', '=', team.name)
}

function toTeam(row: (Omit<Team, 'role'> & { role: string }) | undefined): Team | undefined {
  return row && { ...row, role: row.role as TeamRole }
}

/** Makes a team without members. */
export async function insertTeam(
  tx: Tx,
  { namespaceId, ...team }: Omit<Team, 'id'> & { namespaceId: number },
): Promise<Team> {
  const { id } = await tx
    .insertInto('team')
    .values({ namespace_id: namespaceId, ...team })
    .returning('id')
    .executeTakeFirstOrThrow()
  return { id, ...team }
}

/**
 * Puts a user into a team of administrators: `owners`, else another one, else a new one. The namespace must be held by
 * the caller.
 */
export async function joinAdministrators(
  tx: Tx,
  { namespaceId, userId }: { namespaceId: number; userId: number },
): Promise<void> {
  const name = sql`'owners' || case i when 1 then '' else '-' || i end`
  await sql`
    with known as (
      select id from team where namespace_id = ${namespaceId} and role = 'admin'
      order by name <> 'owners', id limit 1),
    made as (
      insert into team (namespace_id, name, role)
      select ${namespaceId}, ${name}, 'admin' from generate_series(1, 1000) i
      where not exists (select from known)
        and not exists (select from team where namespace_id = ${namespaceId} and name = ${name})
      order by i limit 1 returning id)
    insert into team_member (team_id, user_id)
    select id, ${userId}::bigint from (select id from known union all select id from made) team
    on conflict do nothing`.execute(tx)
}

/** Gives a team another role or description. */
export async function updateTeam(
  tx: Tx,
  id: number,
  changes: { role: TeamRole } | { description: string },
): Promise<void> {
  await tx.updateTable('team').set(changes).where('id', '=', id).execute()
}

/** Removes a team with its members, invitations, roles on repositories and default permissions. */
export async function deleteTeam(tx: Tx, id: number): Promise<void> {
  await tx.deleteFrom('team').where('id', '=', id).execute()
}

/** A user or robot account in a team. */
export interface TeamMember {
  name: string
  kind: 'user' | 'robot'
}

/** The first `limit` members of a team, by name; accounts on their way out are left out. */
export async function listTeamMembers(
  db: Db,
  wanted: { teamId: number; limit: number },
): Promise<TeamMember[]> {
  const rows = await db
    .selectFrom('team_member as m')
    .innerJoin('namespace as n', 'n.id', 'm.user_id')
    .select(['n.name', 'n.kind'])
    .where('m.team_id', '=', wanted.teamId)
    .where('n.deleted_at', 'is', null)
    .orderBy('n.name')
    .limit(wanted.limit)
    .execute()
  return rows.map(({ name, kind }) => ({ name, kind: kind === 'robot' ? 'robot' : 'user' }))
}

/** True when the account is in at least one team of the organization. */
export async function isOrganizationMember(
  db: Db,
  member: { namespaceId: number; userId: number },
): Promise<boolean> {
  const row = await db
    .selectFrom('team_member as m')
    .innerJoin('team as t', 't.id', 'm.team_id')
    .select('t.id')
    .where('t.namespace_id', '=', member.namespaceId)
    .where('m.user_id', '=', member.userId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Ids of the first `limit` teams that make an account an administrator of the organization. */
export async function listAdminTeams(
  db: Db,
  wanted: { namespaceId: number; userId: number; limit: number },
): Promise<number[]> {
  const rows = await db
    .selectFrom('team_member as m')
    .innerJoin('team as t', 't.id', 'm.team_id')
    .select('t.id')
    .where('t.namespace_id', '=', wanted.namespaceId)
    .where('t.role', '=', 'admin')
    .where('m.user_id', '=', wanted.userId)
    .limit(wanted.limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** True when the account is in the team. */
export async function isTeamMember(
  db: Db,
  member: { teamId: number; userId: number },
): Promise<boolean> {
  const row = await db
    .selectFrom('team_member')
    .select('team_id')
    .where('team_id', '=', member.teamId)
    .where('user_id', '=', member.userId)
    .executeTakeFirst()
  return row !== undefined
}

/** Puts an account into teams; those that it is in already stay as they are. */
export async function insertTeamMemberships(
  tx: Tx,
  member: { teamIds: readonly number[]; userId: number },
): Promise<void> {
  const rows = member.teamIds.map((team_id) => ({ team_id, user_id: member.userId }))
  await tx
    .insertInto('team_member')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Takes an account out of a team. False when it was not in it. */
export async function deleteTeamMember(
  tx: Tx,
  member: { teamId: number; userId: number },
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('team_member')
    .where('team_id', '=', member.teamId)
    .where('user_id', '=', member.userId)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** A role of a team on a repository. */
export interface TeamGrant {
  repository: string
  isPublic: boolean
  role: RepositoryRole
}

/** The first `limit` roles that a team was given, by name of the repository. */
export async function listTeamGrants(
  db: Db,
  wanted: { teamId: number; limit: number },
): Promise<TeamGrant[]> {
  const rows = await db
    .selectFrom('repository_team_grant as g')
    .innerJoin('repository as r', 'r.id', 'g.repository_id')
    .select(['r.name as repository', 'r.is_public as isPublic', 'g.role'])
    .where('g.team_id', '=', wanted.teamId)
    .where('r.state', '<>', 'MARKED_FOR_DELETION')
    .orderBy('r.name')
    .limit(wanted.limit)
    .execute()
  return rows as TeamGrant[]
}

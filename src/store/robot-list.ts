import { sql } from 'kysely'

import type { RepositoryRole } from '#domain/target.ts'
import type { Db } from './db.ts'

/** A robot as its owner sees it. */
export interface ListedRobot {
  /** `owner+short`. */
  name: string
  description: string
  sealed_token: Buffer
  created_at: Date
  last_used_at: Date | null
  /** Names of its teams; undefined unless asked for. */
  teams?: string[]
  /** Names, inside the namespace, of the repositories that it was given a role on; undefined unless asked for. */
  repositories?: string[]
}

/** Robots of a namespace by name: the first `limit` of them. One statement, whatever their number. */
export async function listRobots(
  db: Db,
  wanted: { ownerId: number; limit: number; permissions: boolean },
): Promise<ListedRobot[]> {
  const permissions = sql`,
    array(select t.name from team_member m join team t on t.id = m.team_id
      where m.user_id = r.account_id order by t.name) as teams,
    array(select p.name from repository_grant g join repository p on p.id = g.repository_id
      where g.user_id = r.account_id and p.state <> 'MARKED_FOR_DELETION' order by p.name) as repositories`
  const { rows } = await sql<ListedRobot>`
    select n.name, r.description, r.sealed_token, r.created_at, r.last_used_at
      ${wanted.permissions ? permissions : sql``}
    from robot r join namespace n on n.id = r.account_id
    where r.owner_id = ${wanted.ownerId}
    order by r.short_name limit ${wanted.limit}`.execute(db)
  return rows
}

/** A robot's role on a repository. */
export interface RobotGrant {
  /** Name inside the namespace. */
  repository: string
  is_public: boolean
  role: RepositoryRole
}

/** Roles that a robot was given itself, by name of the repository: the first `limit` of them. */
export function listRobotGrants(
  db: Db,
  wanted: { robotId: number; limit: number },
): Promise<RobotGrant[]> {
  return db
    .selectFrom('repository_grant as g')
    .innerJoin('repository as p', 'p.id', 'g.repository_id')
    .select(['p.name as repository', 'p.is_public', 'g.role'])
    .where('g.user_id', '=', wanted.robotId)
    .where('p.state', '<>', 'MARKED_FOR_DELETION')
    .orderBy('p.name')
    .limit(wanted.limit)
    .$castTo<RobotGrant>()
    .execute()
}

import { sql } from 'kysely'

import type { RepositoryRole } from '#domain/target.ts'
import type { Db } from './db.ts'

/** A robot as its owner sees it. */
export interface ListedRobot {
  id: number
  /** `owner+short`. */
  name: string
  description: string
  sealed_token: Buffer
  created_at: Date
  last_used_at: Date | null
}

/** Robots of a namespace by name: the first `limit` of them. */
export async function listRobots(
  db: Db,
  wanted: { ownerId: number; limit: number },
): Promise<ListedRobot[]> {
  // A robot's name is made of its owner's: looking each one up would cost as much as the rest.
  const { rows } = await sql<ListedRobot>`
    select r.account_id as id, o.name || '+' || r.short_name as name, r.description, r.sealed_token,
      r.created_at, r.last_used_at
    from robot r join namespace o on o.id = r.owner_id
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

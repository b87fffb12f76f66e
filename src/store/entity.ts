import { sql } from 'kysely'

import type { Db } from './db.ts'

/** Somebody who can be given a right. */
export interface Entity {
  kind: 'team' | 'user' | 'robot'
  name: string
  /** In a team of the namespace that was asked about, or its robot or team. */
  is_member: boolean
}

/**
 * Users, robots and teams by the start of their names, or by whole names: the first `limit` of each, teams, then
 * users, then robots, by name. Robots are found by their short names. Ranges in byte order, so that an index finds them.
 */
export async function findEntities(
  db: Db,
  wanted: {
    prefix: string
    wholeName: boolean
    /** Namespaces whose teams and robots are looked at, and whose members are told apart; null: none. */
    teamsOf: number | null
    robotsOf: number | null
    membersOf: number | null
    limit: number
  },
): Promise<Entity[]> {
  const { prefix, limit } = wanted
  // No name holds the last code point, so it ends the range.
  const last = wanted.wholeName ? prefix : `${prefix}\u{10FFFF}`
  const { rows } = await sql<Entity>`
    (select 'team' as kind, t.name, true as is_member from team t
      where t.namespace_id = ${wanted.teamsOf}::bigint and t.name between ${prefix} and ${last}
      order by t.name limit ${limit})
    union all
    (select 'user', n.name, exists (select from team t join team_member m on m.team_id = t.id
        where t.namespace_id = ${wanted.membersOf}::bigint and m.user_id = n.id)
      from namespace n
      where n.kind = 'user' and n.deleted_at is null and n.name between ${prefix} and ${last}
      order by n.name limit ${limit})
    union all
    (select 'robot', n.name, true from robot r join namespace n on n.id = r.account_id
      where r.owner_id = ${wanted.robotsOf}::bigint and n.deleted_at is null
        and r.short_name between ${prefix} and ${last}
      order by r.short_name limit ${limit})`.execute(db)
  return rows
}

import { sql } from 'kysely'

import { only, type Db, type Tx } from './db.ts'

/** A team, a user in all teams, or with both of them one membership. */
export interface TakenAway {
  teamId?: number
  userId?: number
}

/**
 * What becomes of an organization's administrators when something is taken away: whether one goes, and whether
 * one stays. Administrators are people in a team with the role `admin`, by accounts that are enabled.
 */
export async function weighAdministrators(
  db: Db,
  { namespaceId, taken }: { namespaceId: number; taken: TakenAway },
): Promise<{ goes: boolean; stays: boolean }> {
  const isTaken = sql`(${taken.teamId ?? null}::bigint is null or t.id = ${taken.teamId ?? null}::bigint)
    and (${taken.userId ?? null}::bigint is null or m.user_id = ${taken.userId ?? null}::bigint)`
  const { rows } = await sql<{ goes: boolean; stays: boolean }>`
    select coalesce(bool_or(${isTaken}), false) as goes,
      coalesce(bool_or(not (${isTaken})), false) as stays
    from team t join team_member m on m.team_id = t.id join namespace u on u.id = m.user_id
    where t.namespace_id = ${namespaceId} and t.role = 'admin' and u.kind = 'user' and u.enabled`.execute(
    db,
  )
  return only(rows)
}

/**
 * Holds a user and then the organizations that the user administers, by id, until the transaction ends: nobody else
 * can lose an administrator there meanwhile, and the user joins no other team. False when the user is gone.
 */
export async function lockAdministrator(tx: Tx, userId: number): Promise<boolean> {
  const { rows: users } = await sql`
    select n.id from namespace n join user_account a on a.namespace_id = n.id
    where n.id = ${userId} and n.deleted_at is null for update`.execute(tx)
  if (users.length === 0) return false
  await sql`
    select n.id from namespace n
    where n.deleted_at is null and n.id in
      (select t.namespace_id from team t join team_member m on m.team_id = t.id
        where m.user_id = ${userId} and t.role = 'admin')
    order by n.id for no key update`.execute(tx)
  return true
}

/** Names of organizations that nobody but this user administers, the first `limit` of them. */
export async function listSoleAdministered(
  db: Db,
  { userId, limit }: { userId: number; limit: number },
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select n.name from namespace n
    where n.deleted_at is null and n.id in
      (select t.namespace_id from team t join team_member m on m.team_id = t.id
        where m.user_id = ${userId} and t.role = 'admin')
      and not exists (select from team t join team_member m on m.team_id = t.id
        join namespace u on u.id = m.user_id
        where t.namespace_id = n.id and t.role = 'admin' and m.user_id <> ${userId}
          and u.kind = 'user' and u.enabled)
    order by n.name limit ${limit}`.execute(db)
  return rows.map(({ name }) => name)
}

import { sql } from 'kysely'

import type { RepositoryRole } from '#domain/target.ts'
import type { Db, Tx } from './db.ts'

/** A user or a robot that a default permission names. */
export interface NamedAccount {
  name: string
  is_robot: boolean
  /** In a team of the organization, or a robot of it. */
  is_member: boolean
}

/** A role that every new repository of an organization gives. */
export interface DefaultPermission {
  uuid: string
  role: RepositoryRole
  /** Only repositories that this account makes; null: those that anybody makes. */
  activating_user: NamedAccount | null
  /** Null when the delegate is a team. */
  delegate_user: NamedAccount | null
  delegate_team: string | null
}

const account = (alias: string, namespaceId: number) => sql`
  (select json_build_object('name', n.name, 'is_robot', n.kind = 'robot',
     'is_member', n.kind = 'robot' or exists (select from team t join team_member m on m.team_id = t.id
       where t.namespace_id = ${namespaceId} and m.user_id = n.id))
   from namespace n where n.id = ${sql.ref(alias)} and n.deleted_at is null)`

/** Default permissions of an organization, oldest first: the first `limit` of them. */
export async function listDefaultPermissions(
  db: Db,
  wanted: { namespaceId: number; limit: number },
): Promise<DefaultPermission[]> {
  return select(db, wanted, sql`true`)
}

/** A default permission of an organization; undefined when it has none of this uuid. */
export async function findDefaultPermission(
  db: Db,
  wanted: { namespaceId: number; uuid: string },
): Promise<DefaultPermission | undefined> {
  const [found] = await select(db, { ...wanted, limit: 1 }, sql`d.uuid = ${wanted.uuid}::uuid`)
  return found
}

/** Whoever is on the way out takes the default permissions along that name them. */
async function select(
  db: Db,
  wanted: { namespaceId: number; limit: number },
  condition: ReturnType<typeof sql>,
): Promise<DefaultPermission[]> {
  const { rows } = await sql<DefaultPermission>`
    select * from (
      select d.uuid, d.role, d.id, d.activating_user_id,
        ${account('d.activating_user_id', wanted.namespaceId)} as activating_user,
        ${account('d.delegate_user_id', wanted.namespaceId)} as delegate_user,
        (select t.name from team t where t.id = d.delegate_team_id) as delegate_team
      from default_permission d
      where d.namespace_id = ${wanted.namespaceId} and ${condition}) found
    where (delegate_user is not null or delegate_team is not null)
      and (activating_user is not null or activating_user_id is null)
    order by id limit ${wanted.limit}`.execute(db)
  return rows
}

/** Whom a new default permission names; one of the delegates is null. */
export interface NewDefaultPermission {
  namespaceId: number
  activatingUserId: number | null
  delegateUserId: number | null
  delegateTeamId: number | null
  role: RepositoryRole
}

/** Makes a default permission, or sets the role of the one for the same accounts. Gives its uuid. */
export async function setDefaultPermission(tx: Tx, wanted: NewDefaultPermission): Promise<string> {
  const { uuid } = await tx
    .insertInto('default_permission')
    .values({
      namespace_id: wanted.namespaceId,
      activating_user_id: wanted.activatingUserId,
      delegate_user_id: wanted.delegateUserId,
      delegate_team_id: wanted.delegateTeamId,
      role: wanted.role,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['namespace_id', 'activating_user_id', 'delegate_user_id', 'delegate_team_id'])
        .doUpdateSet({ role: wanted.role }),
    )
    .returning('uuid')
    .executeTakeFirstOrThrow()
  return uuid
}

/** Sets the role of a default permission. Gives the one before; undefined when it is gone. */
export async function updateDefaultPermission(
  tx: Tx,
  change: { namespaceId: number; uuid: string; role: RepositoryRole },
): Promise<RepositoryRole | undefined> {
  const { rows } = await sql<{ original_role: RepositoryRole }>`
    update default_permission d set role = ${change.role}
    from (select id, role from default_permission
           where namespace_id = ${change.namespaceId} and uuid = ${change.uuid}::uuid for update) old
    where d.id = old.id returning old.role as original_role`.execute(tx)
  return rows[0]?.original_role
}

/** Removes a default permission; false when it is gone already. */
export async function deleteDefaultPermission(
  tx: Tx,
  wanted: { namespaceId: number; uuid: string },
): Promise<boolean> {
  const result = await tx
    .deleteFrom('default_permission')
    .where('namespace_id', '=', wanted.namespaceId)
    .where('uuid', '=', wanted.uuid)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

/**
 * Gives the roles that a new repository has from the default permissions of its organization. One for its creator's
 * repositories stands before one for everybody's; the creator gets nothing from them. Accounts and teams are held
 * by id, so that none is removed between reading and granting.
 */
export async function applyDefaultPermissions(
  tx: Tx,
  repository: { id: number; namespaceId: number; creatorId: number },
): Promise<void> {
  const { id, namespaceId, creatorId } = repository
  await sql`
    with rule as (
      select distinct on (delegate_user_id, delegate_team_id) delegate_user_id, delegate_team_id, role
      from default_permission
      where namespace_id = ${namespaceId}
        and (activating_user_id is null or activating_user_id = ${creatorId})
        and delegate_user_id is distinct from ${creatorId}
      order by delegate_user_id, delegate_team_id, activating_user_id nulls last),
    teams as (
      insert into repository_team_grant (repository_id, team_id, role)
      select ${id}::bigint, t.id, rule.role from rule join team t on t.id = rule.delegate_team_id
      order by t.id for key share of t)
    insert into repository_grant (repository_id, user_id, role)
    select ${id}::bigint, a.namespace_id, rule.role
    from rule join user_account a on a.namespace_id = rule.delegate_user_id
    order by a.namespace_id for key share of a`.execute(tx)
}

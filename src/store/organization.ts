import { sql } from 'kysely'

import type { TeamRole } from '#domain/access.ts'
import type { Db, Tx } from './db.ts'

/** Makes an organization whose team `owners` holds one member. Gives its id, or undefined when the name is taken. */
export async function insertOrganization(
  tx: Tx,
  organization: {
    name: string
    email?: string | null
    ownerId: number
    tagExpirationSeconds: number
    at: Date
  },
): Promise<number | undefined> {
  const made = await tx
    .insertInto('namespace')
    .values({
      name: organization.name,
      kind: 'organization',
      tag_expiration_seconds: organization.tagExpirationSeconds,
      created_at: organization.at,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!made) return undefined
  await tx
    .insertInto('organization')
    .values({ namespace_id: made.id, email: organization.email ?? null })
    .execute()
  await insertOwners(tx, { namespaceId: made.id, ownerId: organization.ownerId })
  return made.id
}

async function insertOwners(
  tx: Tx,
  { namespaceId, ownerId }: { namespaceId: number; ownerId: number },
): Promise<void> {
  const team = await tx
    .insertInto('team')
    .values({ namespace_id: namespaceId, name: 'owners', role: 'admin' })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx.insertInto('team_member').values({ team_id: team.id, user_id: ownerId }).execute()
}

/**
 * Makes an organization of a user, whose account goes with all that hangs on it: sessions, tokens, memberships,
 * grants. Namespace, repositories, robots, applications and audit entries stay as they are.
 */
export async function convertToOrganization(
  tx: Tx,
  { userId, ownerId }: { userId: number; ownerId: number },
): Promise<void> {
  await tx
    .updateTable('namespace')
    .set({ kind: 'organization', enabled: true })
    .where('id', '=', userId)
    .execute()
  await tx
    .insertInto('organization')
    .columns(['namespace_id', 'email', 'invoice_email', 'invoice_email_address'])
    .expression(
      tx
        .selectFrom('user_account')
        .select(['namespace_id', 'email', 'invoice_email', 'invoice_email_address'])
        .where('namespace_id', '=', userId),
    )
    .execute()
  await tx.deleteFrom('user_account').where('namespace_id', '=', userId).execute()
  await tx.deleteFrom('user_notification').where('namespace_id', '=', userId).execute()
  await insertOwners(tx, { namespaceId: userId, ownerId })
}

/** What an organization has beside its namespace. */
export interface OrganizationSettings {
  email: string | null
  invoice_email: boolean
  invoice_email_address: string | null
}

export function findOrganization(
  db: Db,
  namespaceId: number,
): Promise<OrganizationSettings | undefined> {
  return db
    .selectFrom('organization')
    .select(['email', 'invoice_email', 'invoice_email_address'])
    .where('namespace_id', '=', namespaceId)
    .executeTakeFirst()
}

/** Organizations that have an address, by name, with the first names of their administrators. */
export async function listOrganizationsByEmail(
  db: Db,
  { email, limit }: { email: string; limit: number },
): Promise<{ name: string; admins: string[] }[]> {
  const { rows } = await sql<{ name: string; admins: string[] }>`
    select n.name, array(select distinct u.name from team t join team_member m on m.team_id = t.id
        join namespace u on u.id = m.user_id
        where t.namespace_id = n.id and t.role = 'admin' and u.kind = 'user' and u.enabled
        order by u.name limit 50) as admins
    from organization o join namespace n on n.id = o.namespace_id
    where o.email = ${email} and n.deleted_at is null
    order by n.name limit ${limit}`.execute(db)
  return rows
}

export async function updateOrganization(
  tx: Tx,
  namespaceId: number,
  changes: Partial<OrganizationSettings>,
): Promise<void> {
  if (Object.keys(changes).length === 0) return
  await tx
    .updateTable('organization')
    .set(changes)
    .where('namespace_id', '=', namespaceId)
    .execute()
}

/** Organizations by id, after `afterId`; those on their way out are left out. */
export function listOrganizations(db: Db, wanted: { afterId: number; limit: number }) {
  return (
    db
      .selectFrom('namespace as n')
      .innerJoin('organization as o', 'o.namespace_id', 'n.id')
      .select(['n.id', 'n.name', 'o.email'])
      .where('n.kind', '=', 'organization')
      .where('n.deleted_at', 'is', null)
      .where('n.id', '>', wanted.afterId)
      // Said of both, so that a join of two indexes begins in both of them here.
      .where('o.namespace_id', '>', wanted.afterId)
      .orderBy('n.id')
      .limit(wanted.limit)
      .execute()
  )
}

/** Finds an organization by name, and holds its namespace until the transaction ends. */
export function lockOrganization(tx: Tx, name: string) {
  return tx
    .selectFrom('organization as o')
    .innerJoin('namespace as n', 'n.id', 'o.namespace_id')
    .select(['n.id', 'n.name', 'o.email'])
    .where('n.name', '=', name)
    .where('n.deleted_at', 'is', null)
    .forNoKeyUpdate('n')
    .executeTakeFirst()
}

/** A namespace as it stands in the list of a user: with the strongest of the user's team roles, null outside of it. */
export interface ShownNamespace {
  name: string
  role: TeamRole | null
}

const teamRoles: readonly TeamRole[] = ['member', 'creator', 'admin']

/** Organizations that a user is in, and the namespaces of `others` that are there: the first `limit`, by name. */
export async function listShownNamespaces(
  db: Db,
  { userId, others, limit }: { userId: number; others: readonly string[]; limit: number },
): Promise<ShownNamespace[]> {
  const { rows } = await sql<{ name: string; rank: number | null }>`
    select n.name, max(array_position(${teamRoles}::text[], shown.role)) as rank
    from (select t.namespace_id as id, t.role from team_member m join team t on t.id = m.team_id
          where m.user_id = ${userId}
          union all
          select id, null from namespace where name = any(${others}::text[]) and kind <> 'robot') shown
      join namespace n on n.id = shown.id and n.deleted_at is null
    group by n.name order by n.name limit ${limit}`.execute(db)
  return rows.map(({ name, rank }) => ({ name, role: rank === null ? null : teamRoles[rank - 1]! }))
}

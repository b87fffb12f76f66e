import type { Db, Tx } from './db.ts'

/** Makes an organization whose team `owners` holds one member. Gives its id, or undefined when the name is taken. */
export async function insertOrganization(
  tx: Tx,
  organization: { name: string; ownerId: number; tagExpirationSeconds: number; at: Date },
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
  await tx.insertInto('organization').values({ namespace_id: made.id }).execute()
  const team = await tx
    .insertInto('team')
    .values({ namespace_id: made.id, name: 'owners', role: 'admin' })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('team_member')
    .values({ team_id: team.id, user_id: organization.ownerId })
    .execute()
  return made.id
}

/** An organization that a user is in, with the strongest of the user's team roles. */
export interface Membership {
  name: string
  role: 'member' | 'creator' | 'admin'
}

/** Organizations of a user, by name. */
export async function listMemberships(db: Db, userId: number): Promise<Membership[]> {
  const rows = await db
    .selectFrom('team_member as m')
    .innerJoin('team as t', 't.id', 'm.team_id')
    .innerJoin('namespace as n', 'n.id', 't.namespace_id')
    .select(['n.name', 't.role'])
    .where('m.user_id', '=', userId)
    .where('n.deleted_at', 'is', null)
    .orderBy('n.name')
    .execute()
  const rank = { member: 0, creator: 1, admin: 2 }
  const strongest = new Map<string, Membership['role']>()
  for (const { name, role } of rows as Membership[]) {
    const known = strongest.get(name)
    if (!known || rank[role] > rank[known]) strongest.set(name, role)
  }
  return [...strongest].map(([name, role]) => ({ name, role }))
}

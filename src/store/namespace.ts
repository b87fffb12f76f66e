import type { Db } from './db.ts'

/** A user's or an organization's namespace by name; those on their way out are not found. */
export async function findNamespace(db: Db, name: string) {
  return db
    .selectFrom('namespace')
    .select(['id', 'uuid', 'name', 'kind', 'enabled', 'tag_expiration_seconds', 'created_at'])
    .where('name', '=', name)
    .where('kind', '<>', 'robot')
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/**
 * Holds a namespace until the transaction ends: what must not happen twice at once in it (losing an
 * administrator, being deleted) takes this first. False when it is gone or on its way out.
 */
export async function lockNamespace(db: Db, id: number): Promise<boolean> {
  const row = await db
    .selectFrom('namespace')
    .select('id')
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return row !== undefined
}

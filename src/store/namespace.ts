import type { Db, Tx } from './db.ts'

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

/** Finds a user's or an organization's namespace by name, and holds it like `lockNamespace`. */
export async function lockNamespaceByName(tx: Tx, name: string) {
  return tx
    .selectFrom('namespace')
    .select(['id', 'name', 'kind'])
    .where('name', '=', name)
    .where('kind', '<>', 'robot')
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/**
 * Holds several namespaces at once, by id, so that two transactions that want the same ones never wait for each other.
 * Gives the ids of those that still stand.
 */
export async function lockNamespaces(db: Db, ids: readonly number[]): Promise<number[]> {
  const rows = await db
    .selectFrom('namespace')
    .select(['id', 'deleted_at'])
    .where('id', 'in', [...ids])
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
  return rows.filter((row) => row.deleted_at === null).map(({ id }) => id)
}

/**
 * Keeps a namespace from being deleted until the transaction ends; who makes something in it asks this first. False
 * when it is gone or on its way out.
 */
export async function holdNamespace(tx: Tx, id: number): Promise<boolean> {
  return (await held(tx, id).executeTakeFirst()) !== undefined
}

/** Keeps a user from being deleted, and from becoming an organization, until the transaction ends. False for who is none any more. */
export async function holdUser(tx: Tx, id: number): Promise<boolean> {
  return (await held(tx, id).where('kind', '=', 'user').executeTakeFirst()) !== undefined
}

function held(tx: Tx, id: number) {
  return tx
    .selectFrom('namespace')
    .select('id')
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forKeyShare()
}

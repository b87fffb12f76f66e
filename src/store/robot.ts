import type { Db } from './db.ts'

/** A robot account as a login or a token finds it, with what its standing depends on. */
function robots(db: Db) {
  return db
    .selectFrom('robot as r')
    .innerJoin('user_account as u', 'u.namespace_id', 'r.account_id')
    .innerJoin('namespace as n', 'n.id', 'r.account_id')
    .innerJoin('namespace as o', 'o.id', 'r.owner_id')
    .leftJoin('user_account as ou', 'ou.namespace_id', 'o.id')
    .select([
      'n.id',
      'n.uuid',
      'n.name as username',
      'u.credential_epoch',
      'r.token_hash',
      'r.federation',
      'r.owner_id',
      'o.name as owner_name',
      'o.enabled as owner_enabled',
      'ou.is_superuser as owner_is_superuser',
    ])
    .where('n.enabled', '=', true)
    .where('o.deleted_at', 'is', null)
}
const selectRobots = (db: Db) => robots(db).execute()

/** A robot whose account is enabled; whether its owner is, stands beside it. */
export type Robot = Awaited<ReturnType<typeof selectRobots>>[number]

/** Finds a robot by its whole name, `owner+short`. */
export function findRobotByName(db: Db, username: string): Promise<Robot | undefined> {
  return robots(db).where('n.name', '=', username).executeTakeFirst()
}

export function findRobotById(db: Db, id: number): Promise<Robot | undefined> {
  return robots(db).where('n.id', '=', id).executeTakeFirst()
}

export function findRobotByUuid(db: Db, uuid: string): Promise<Robot | undefined> {
  return robots(db).where('n.uuid', '=', uuid).executeTakeFirst()
}

import type { Db, Tx } from './db.ts'

/** A user or a robot: what can be given a role, be put into a team, or be named by an audit row. */
export interface Account {
  id: number
  uuid: string
  name: string
  kind: 'user' | 'robot'
  /** Id of the namespace that a robot belongs to; null for users. */
  ownerId: number | null
  /** Null for robots, and for users without one. */
  email: string | null
  enabled: boolean
}

/** Finds a user or a robot by name; those on their way out are not found. */
export async function findAccountByName(db: Db, name: string): Promise<Account | undefined> {
  return toAccount(await accounts(db, name).executeTakeFirst())
}

/** Finds a user or a robot by name and keeps namespace and account from being removed until the transaction ends. */
export async function holdAccount(tx: Tx, name: string): Promise<Account | undefined> {
  return toAccount(await accounts(tx, name).forKeyShare(['n', 'u']).executeTakeFirst())
}

function accounts(db: Db, name: string) {
  return db
    .selectFrom('namespace as n')
    .innerJoin('user_account as u', 'u.namespace_id', 'n.id')
    .leftJoin('robot as r', 'r.account_id', 'n.id')
    .select(['n.id', 'n.uuid', 'n.name', 'n.kind', 'r.owner_id', 'u.email', 'n.enabled'])
    .where('n.name', '=', name)
    .where('n.deleted_at', 'is', null)
}
type Row = Awaited<ReturnType<ReturnType<typeof accounts>['execute']>>[number]

function toAccount(row: Row | undefined): Account | undefined {
  return row && { ...row, kind: row.kind === 'robot' ? 'robot' : 'user', ownerId: row.owner_id }
}

import { sql } from 'kysely'

import type { Db } from './db.ts'

/** Accounts, and the namespace in which it is asked what they hold; of each account at most `limitOfEach` names. */
export interface HoldersIn {
  namespaceId: number
  accountIds: readonly number[]
  limitOfEach: number
}

/** Names by account, in byte order. Who holds nothing is not in it. */
export type NamesByAccount = ReadonlyMap<number, string[]>

/** What accounts hold: one row a thing, which is many rows less than one for each pair. */
interface Held {
  name: string
  account_ids: number[]
}

/** Names of the namespace's teams that accounts are in. One statement, whatever their number. */
export async function listTeamsOfAccounts(db: Db, wanted: HoldersIn): Promise<NamesByAccount> {
  const { rows } = await sql<Held>`
    select t.name, json_agg(m.user_id) as account_ids
    from team t join team_member m on m.team_id = t.id
    where t.namespace_id = ${wanted.namespaceId} and m.user_id = any(${[...wanted.accountIds]}::bigint[])
    group by t.id order by t.name`.execute(db)
  return namesByAccount(rows, wanted.limitOfEach)
}

/** Names of the namespace's repositories on which accounts were given a role of their own. One statement, too. */
export async function listRepositoriesOfAccounts(
  db: Db,
  wanted: HoldersIn,
): Promise<NamesByAccount> {
  const { rows } = await sql<Held>`
    select r.name, json_agg(g.user_id) as account_ids
    from repository r join repository_grant g on g.repository_id = r.id
    where r.namespace_id = ${wanted.namespaceId} and r.state <> 'MARKED_FOR_DELETION'
      and g.user_id = any(${[...wanted.accountIds]}::bigint[])
    group by r.id order by r.name`.execute(db)
  return namesByAccount(rows, wanted.limitOfEach)
}

function namesByAccount(held: readonly Held[], limitOfEach: number): NamesByAccount {
  const names = new Map<number, string[]>()
  for (const { name, account_ids } of held)
    for (const id of account_ids) {
      const known = names.get(id)
      if (!known) names.set(id, [name])
      else if (known.length < limitOfEach) known.push(name)
    }
  return names
}

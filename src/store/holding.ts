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
    select t.name, m.account_ids
    from (select team_id, json_agg(user_id) as account_ids from team_member
      where user_id = any(${[...wanted.accountIds]}::bigint[]) group by team_id) m
    join team t on t.id = m.team_id
    where t.namespace_id = ${wanted.namespaceId}
    order by t.name`.execute(db)
  return namesByAccount(rows, wanted.limitOfEach)
}

/** Names of the namespace's repositories on which accounts were given a role of their own. One statement, too. */
export async function listRepositoriesOfAccounts(
  db: Db,
  wanted: HoldersIn,
): Promise<NamesByAccount> {
  const { rows } = await sql<Held>`
    select r.name, g.account_ids
    from (select repository_id, json_agg(user_id) as account_ids from repository_grant
      where user_id = any(${[...wanted.accountIds]}::bigint[]) group by repository_id) g
    join repository r on r.id = g.repository_id
    where r.namespace_id = ${wanted.namespaceId} and r.state <> 'MARKED_FOR_DELETION'
    order by r.name`.execute(db)
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

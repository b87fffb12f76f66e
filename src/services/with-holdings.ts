import type { Db } from '#store/db.ts'
import { listRepositoriesOfAccounts, listTeamsOfAccounts } from '#store/holding.ts'

/** Names, in byte order, of the teams that an account is in and of the repositories that it was given a role on itself. */
export interface Holdings {
  teams: string[]
  repositories: string[]
}

/** Accounts with what they hold in a namespace. Two statements, whatever their number. */
export async function withHoldings<A extends { id: number }>(
  db: Db,
  wanted: { namespaceId: number; limitOfEach: number },
  accounts: readonly A[],
): Promise<(A & Holdings)[]> {
  const holders = { ...wanted, accountIds: accounts.map(({ id }) => id) }
  const teams = await listTeamsOfAccounts(db, holders)
  const repositories = await listRepositoriesOfAccounts(db, holders)
  return accounts.map((account) => ({
    ...account,
    teams: teams.get(account.id) ?? [],
    repositories: repositories.get(account.id) ?? [],
  }))
}

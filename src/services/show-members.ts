import { listRepositoriesOfAccounts, listTeamsOfAccounts } from '#store/holding.ts'
import { findMember, listCollaborators, listMembers, type Member } from '#store/member.ts'
import type { Deps } from '#deps.ts'

/** An account with the names of its teams in an organization, and of the repositories there that it was given a role on itself. */
export interface MemberWithHoldings extends Member {
  teams: string[]
  repositories: string[]
}

interface Wanted {
  namespaceId: number
  /** Teams and repositories of each, at most. */
  limitOfEach: number
}

/** Users in teams of an organization, by name. Three statements, whatever their number. */
export async function showMembers(
  { db }: Pick<Deps, 'db'>,
  wanted: Wanted & { limit: number },
): Promise<MemberWithHoldings[]> {
  return withHoldings(db, wanted, await listMembers(db, wanted))
}

/** A user in a team of an organization, or a robot of the organization; undefined for others. */
export async function showMember(
  { db }: Pick<Deps, 'db'>,
  wanted: Wanted & { name: string },
): Promise<MemberWithHoldings | undefined> {
  const found = await findMember(db, wanted)
  return found && (await withHoldings(db, wanted, [found]))[0]
}

/** Users and robots with roles on repositories of an organization, but in no team of it, by name. */
export async function showCollaborators(
  { db }: Pick<Deps, 'db'>,
  wanted: Wanted & { limit: number },
): Promise<Omit<MemberWithHoldings, 'teams'>[]> {
  const collaborators = await listCollaborators(db, wanted)
  const repositories = await listRepositoriesOfAccounts(db, {
    ...wanted,
    accountIds: collaborators.map(({ id }) => id),
  })
  return collaborators.map(({ id, name, kind }) => ({
    id,
    name,
    kind,
    repositories: repositories.get(id) ?? [],
  }))
}

async function withHoldings(
  db: Deps['db'],
  wanted: Wanted,
  members: Member[],
): Promise<MemberWithHoldings[]> {
  const holders = { ...wanted, accountIds: members.map(({ id }) => id) }
  const teams = await listTeamsOfAccounts(db, holders)
  const repositories = await listRepositoriesOfAccounts(db, holders)
  return members.map((member) => ({
    ...member,
    teams: teams.get(member.id) ?? [],
    repositories: repositories.get(member.id) ?? [],
  }))
}

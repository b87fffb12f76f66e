import { listRepositoriesOfAccounts } from '#store/holding.ts'
import { findMember, listCollaborators, listMembers, type Member } from '#store/member.ts'
import type { Deps } from '#deps.ts'
import { withHoldings, type Holdings } from './with-holdings.ts'

/** An account in an organization, with what it holds there. */
export type MemberWithHoldings = Member & Holdings

interface Wanted {
  namespaceId: number
  /** Teams and repositories of each, at most. */
  limitOfEach: number
}

/** Users in teams of an organization, by name: the first `limit` of them. */
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
): Promise<(Member & Pick<Holdings, 'repositories'>)[]> {
  const collaborators = await listCollaborators(db, wanted)
  const accountIds = collaborators.map(({ id }) => id)
  const repositories = await listRepositoriesOfAccounts(db, { ...wanted, accountIds })
  return collaborators.map(({ id, name, kind }) => ({
    id,
    name,
    kind,
    repositories: repositories.get(id) ?? [],
  }))
}

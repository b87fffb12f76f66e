import { sql } from 'kysely'

import type { Holdings, TeamRole } from '#domain/access.ts'
import type { RepositoryName } from '#domain/name.ts'
import type { OwnerNamespace, RepositoryRole, RepositoryState } from '#domain/target.ts'
import type { Db } from './db.ts'

/** A namespace, what the caller holds there, and the repository when it exists. */
export interface FoundTarget extends Holdings {
  namespace: OwnerNamespace & { isEnabled: boolean; tagExpirationSeconds: number }
  /** The caller is in the team that was asked about. */
  inTeam: boolean
  repository:
    | {
        id: number
        name: string
        isPublic: boolean
        state: RepositoryState
        description: string | null
      }
    | undefined
}

interface Row {
  namespace_id: number
  namespace_name: string
  kind: string
  enabled: boolean
  tag_expiration_seconds: number
  repository_id: number | null
  repository_name: string
  is_public: boolean
  state: RepositoryState
  description: string | null
  in_team: boolean
  team_rank: number | null
  granted_rank: number | null
}

const teamRanks: readonly TeamRole[] = ['member', 'creator', 'admin']
const grantRanks: readonly RepositoryRole[] = ['read', 'write', 'admin']

/** What is selected of a namespace `n`, a repository `r` in it and what an account holds there. */
function selected({ userId, team = '' }: { userId: number | null; team?: string | undefined }) {
  return sql`n.id as namespace_id, n.name as namespace_name, n.kind, n.enabled, n.tag_expiration_seconds,
      r.id as repository_id, r.name as repository_name, r.is_public, r.state, r.description,
      (select max(case t.role when 'admin' then 2 when 'creator' then 1 else 0 end)
         from team t join team_member m on m.team_id = t.id
        where t.namespace_id = n.id and m.user_id = ${userId}::bigint) as team_rank,
      exists (select from team t join team_member m on m.team_id = t.id
        where t.namespace_id = n.id and t.name = ${team} and m.user_id = ${userId}::bigint) as in_team,
      (select max(case g.role when 'admin' then 2 when 'write' then 1 else 0 end)
         from (select role from repository_grant
                where repository_id = r.id and user_id = ${userId}::bigint
               union all
               select tg.role from repository_team_grant tg join team_member m on m.team_id = tg.team_id
                where tg.repository_id = r.id and m.user_id = ${userId}::bigint) g) as granted_rank`
}

/**
 * Loads a target together with all that its rights depend on, for a user or a robot (null: nobody): one prepared
 * statement, whatever the number of teams and grants. Undefined when there is no such namespace.
 */
export async function findTarget(
  db: Db,
  wanted: Pick<RepositoryName, 'namespace' | 'name'> & { userId: number | null; team?: string },
): Promise<FoundTarget | undefined> {
  const { rows } = await sql<Row>`
    select ${selected(wanted)}
    from namespace n
    left join repository r on r.namespace_id = n.id and r.name = ${wanted.name}
      and r.state <> 'MARKED_FOR_DELETION'
    where n.name = ${wanted.namespace} and n.kind <> 'robot' and n.deleted_at is null`.execute(db)
  const [row] = rows
  return row && targetOf(row, wanted.userId)
}

/** The same for several repositories at once, by full name; those in namespaces that are missing are left out. */
export async function findTargets(
  db: Db,
  wanted: { names: readonly RepositoryName[]; userId: number | null },
): Promise<Map<string, FoundTarget>> {
  const { names, userId } = wanted
  const { rows } = await sql<Row & { full_name: string }>`
    select w.full_name, ${selected(wanted)}
    from unnest(${names.map(({ fullName }) => fullName)}::text[], ${names.map(({ namespace }) => namespace)}::text[],
      ${names.map(({ name }) => name)}::text[]) as w (full_name, namespace, name)
    join namespace n on n.name = w.namespace collate "C" and n.kind <> 'robot' and n.deleted_at is null
    left join repository r on r.namespace_id = n.id and r.name = w.name collate "C"
      and r.state <> 'MARKED_FOR_DELETION'`.execute(db)
  return new Map(rows.map((row) => [row.full_name, targetOf(row, userId)]))
}

function targetOf(row: Row, userId: number | null): FoundTarget {
  return {
    namespace: {
      id: row.namespace_id,
      name: row.namespace_name,
      isOrganization: row.kind === 'organization',
      isEnabled: row.enabled,
      tagExpirationSeconds: row.tag_expiration_seconds,
    },
    repository:
      row.repository_id === null
        ? undefined
        : {
            id: row.repository_id,
            name: row.repository_name,
            isPublic: row.is_public,
            state: row.state,
            description: row.description,
          },
    ownsNamespace: row.namespace_id === userId,
    teamRole: row.team_rank === null ? null : (teamRanks[row.team_rank] ?? null),
    grantedRole: row.granted_rank === null ? null : (grantRanks[row.granted_rank] ?? null),
    inTeam: row.in_team,
  }
}

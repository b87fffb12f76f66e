import { sql } from 'kysely'

import type { Holdings, TeamRole } from '#domain/access.ts'
import type { RepositoryName } from '#domain/name.ts'
import type { NamespaceTarget, RepositoryRole, RepositoryState } from '#domain/target.ts'
import type { Db } from './db.ts'

/** A namespace, what the caller holds there, and the repository when it exists. */
export interface FoundTarget extends Holdings {
  namespace: NamespaceTarget & { isEnabled: boolean; tagExpirationSeconds: number }
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
  team_rank: number | null
  granted_role: RepositoryRole | null
}

const teamRanks: readonly TeamRole[] = ['member', 'creator', 'admin']

/**
 * Loads a target together with all that its rights depend on, for a user (null: nobody): one prepared
 * statement, whatever the number of teams and grants. Undefined when there is no such namespace.
 */
export async function findTarget(
  db: Db,
  wanted: Pick<RepositoryName, 'namespace' | 'name'> & { userId: number | null },
): Promise<FoundTarget | undefined> {
  const { rows } = await sql<Row>`
    select n.id as namespace_id, n.name as namespace_name, n.kind, n.enabled, n.tag_expiration_seconds,
      r.id as repository_id, r.name as repository_name, r.is_public, r.state, r.description,
      (select max(case t.role when 'admin' then 2 when 'creator' then 1 else 0 end)
         from team t join team_member m on m.team_id = t.id
        where t.namespace_id = n.id and m.user_id = ${wanted.userId}::bigint) as team_rank,
      (select g.role from repository_grant g
        where g.repository_id = r.id and g.user_id = ${wanted.userId}::bigint) as granted_role
    from namespace n
    left join repository r on r.namespace_id = n.id and r.name = ${wanted.name}
      and r.state <> 'MARKED_FOR_DELETION'
    where n.name = ${wanted.namespace}`.execute(db)
  const [row] = rows
  if (!row) return undefined
  return {
    namespace: {
      kind: 'namespace',
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
    ownsNamespace: row.namespace_id === wanted.userId,
    teamRole: row.team_rank === null ? null : (teamRanks[row.team_rank] ?? null),
    grantedRole: row.granted_role,
  }
}

import { sql } from 'kysely'

import type { Db } from './db.ts'
import type { Visibility } from './repository.ts'

/** A page of the catalog: full names after `last`, which need not be one. */
export interface CatalogPage {
  last: string
  limit: number
}

/**
 * Full names that the caller may pull from, in byte order. The order of full names is that of `namespace/`, then that of
 * the name inside it: so each namespace is read by its index from where the page begins, and no further than it reaches.
 */
export async function listRepositoryNames(
  db: Db,
  { userId, seesAll, seesPrivate, includePublic, ...page }: Visibility & CatalogPage,
): Promise<string[]> {
  const administered = sql`n.id in (
    select ${userId}::bigint union all select t.namespace_id from team t
    join team_member m on m.team_id = t.id where t.role = 'admin' and m.user_id = ${userId}::bigint)`
  const parts = seesAll
    ? [namesIn(page, sql`true`, sql`true`)]
    : [
        ...(includePublic ? [namesIn(page, sql`true`, sql`r.is_public`)] : []),
        ...(seesPrivate
          ? [namesIn(page, administered, sql`true`), namesGranted(page, userId)]
          : []),
      ]
  if (parts.length === 0) return []
  const { rows } = await sql<{ name: string }>`
    select name from (${sql.join(parts, sql` union `)}) found order by name limit ${page.limit}`.execute(
    db,
  )
  return rows.map((row) => row.name)
}

type Condition = ReturnType<typeof sql>

/** Names in some namespaces. A namespace with its slash is never the beginning of another one. */
function namesIn({ last, limit }: CatalogPage, ofNamespace: Condition, ofRepository: Condition) {
  const end = last.indexOf('/') + 1
  const first = end === 0 ? last : last.slice(0, end)
  const after = end === 0 ? '' : last.slice(end)
  return sql`(
    select n.name || '/' || r.name as name
    from namespace n
    cross join lateral (select r.name from repository r
      where r.namespace_id = n.id and r.state <> 'MARKED_FOR_DELETION' and ${ofRepository}
        and r.name > case when n.name || '/' = ${first} then ${after} else '' end
      order by r.name limit ${limit}) r
    where n.name || '/' >= ${first} and n.kind <> 'robot' and n.enabled and ${ofNamespace}
    order by n.name || '/', r.name limit ${limit})`
}

/** Names of repositories that the caller was given, alone or by a team. */
function namesGranted({ last, limit }: CatalogPage, userId: number | null) {
  return sql`(
    select n.name || '/' || r.name as name
    from (select g.repository_id from repository_grant g where g.user_id = ${userId}::bigint
      union select g.repository_id from repository_team_grant g
      join team_member m on m.team_id = g.team_id where m.user_id = ${userId}::bigint) g
    join repository r on r.id = g.repository_id join namespace n on n.id = r.namespace_id
    where r.state <> 'MARKED_FOR_DELETION' and n.enabled and n.name || '/' || r.name > ${last}
    order by 1 limit ${limit})`
}

import { sql } from 'kysely'

import type { RepositoryState } from '#domain/target.ts'
import type { Db, Tx } from './db.ts'

/** Makes a repository. Gives its id, or undefined when the name is taken. */
export async function insertRepository(
  tx: Tx,
  repository: {
    namespaceId: number
    name: string
    isPublic: boolean
    description: string | null
    at: Date
  },
): Promise<number | undefined> {
  const made = await tx
    .insertInto('repository')
    .values({
      namespace_id: repository.namespaceId,
      name: repository.name,
      is_public: repository.isPublic,
      description: repository.description,
      created_at: repository.at,
    })
    .onConflict((conflict) => conflict.columns(['namespace_id', 'name']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return made?.id
}

/** Gives a user a role on a repository. */
export async function grantRole(
  tx: Tx,
  grant: { repositoryId: number; userId: number; role: 'read' | 'write' | 'admin' },
): Promise<void> {
  await tx
    .insertInto('repository_grant')
    .values({ repository_id: grant.repositoryId, user_id: grant.userId, role: grant.role })
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'user_id']).doUpdateSet({ role: grant.role }),
    )
    .execute()
}

/**
 * Keeps a repository from being deleted until the transaction ends; false when it or its namespace is gone already. Every
 * write into a repository asks this first: a push that was acknowledged must not land in a deleted one.
 */
export async function holdRepository(tx: Tx, id: number): Promise<boolean> {
  const row = await tx
    .selectFrom('repository')
    .select('id')
    .where('id', '=', id)
    .where('state', '<>', 'MARKED_FOR_DELETION')
    .where(
      sql<boolean>`exists (select from namespace n where n.id = namespace_id and n.deleted_at is null)`,
    )
    .forKeyShare()
    .executeTakeFirst()
  return row !== undefined
}

/** Changes fields of a repository that is not being deleted; false when it is. */
export async function updateRepository(
  tx: Tx,
  id: number,
  changes: { description?: string; is_public?: boolean; state?: RepositoryState },
): Promise<boolean> {
  const result = await tx
    .updateTable('repository')
    .set(changes)
    .where('id', '=', id)
    .where('state', '<>', 'MARKED_FOR_DELETION')
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Takes a repository out of sight: its name is free at once, a job removes the rest. False when it is gone. */
export async function markRepositoryForDeletion(tx: Tx, id: number): Promise<boolean> {
  const result = await tx
    .updateTable('repository')
    .set({ name: sql`'deleted-' || uuid::text`, state: 'MARKED_FOR_DELETION' })
    .where('id', '=', id)
    .where('state', '<>', 'MARKED_FOR_DELETION')
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Whose repositories a list may show. */
export interface Visibility {
  userId: number | null
  /** Sees everything: global read-only superusers and superusers with full access. */
  seesAll: boolean
  /** Own, team and granted repositories count; false for OAuth tokens without a repository scope. */
  seesPrivate: boolean
  includePublic: boolean
}

function visible(visibility: Visibility) {
  if (visibility.seesAll) return sql<boolean>`true`
  const own = visibility.seesPrivate
    ? sql<boolean>`r.namespace_id = ${visibility.userId}::bigint
        or exists (select from repository_grant g where g.repository_id = r.id and g.user_id = ${visibility.userId}::bigint)
        or exists (select from repository_team_grant g join team_member m on m.team_id = g.team_id
             where g.repository_id = r.id and m.user_id = ${visibility.userId}::bigint)
        or exists (select from team t join team_member m on m.team_id = t.id
             where t.namespace_id = r.namespace_id and t.role = 'admin' and m.user_id = ${visibility.userId}::bigint)`
    : sql<boolean>`false`
  return sql<boolean>`((${visibility.includePublic}::boolean and r.is_public) or ${own})`
}

/** Conditions for a repository that a blob may be mounted from. */
export interface BlobHolderFilter extends Visibility {
  digest: string
  /** Only public repositories and those with these full names; undefined: any. */
  named: readonly string[] | undefined
  /** Full names that are left out. */
  except: readonly string[]
}

/** Of a blob that everybody has, so many holders are looked at: whoever finds none uploads it. */
const maxHolders = 1_000

/** A repository that holds a blob and that the caller may see; undefined when none was found. */
export async function findBlobHolder(
  db: Db,
  wanted: BlobHolderFilter,
): Promise<{ id: number; fullName: string } | undefined> {
  const fullName = sql`n.name || '/' || r.name`
  const among = wanted.named
    ? sql`(r.is_public or ${fullName} = any(${wanted.named}::text[]))`
    : sql`true`
  const { rows } = await sql<{ id: number; full_name: string }>`
    select r.id, ${fullName} as full_name
    from blob b
      cross join lateral (
        select repository_id from repository_blob where blob_id = b.id limit ${maxHolders}) rb
      join repository r on r.id = rb.repository_id join namespace n on n.id = r.namespace_id
    where b.digest = ${wanted.digest} and b.condemned_at is null
      and r.state <> 'MARKED_FOR_DELETION' and n.enabled
      and ${among} and not ${fullName} = any(${wanted.except}::text[]) and ${visible(wanted)}
    limit 1`.execute(db)
  return rows[0] && { id: rows[0].id, fullName: rows[0].full_name }
}

/** One line of a repository list. */
export interface ListedRepository {
  id: number
  namespace: string
  name: string
  description: string | null
  is_public: boolean
  state: RepositoryState
  /** Start of the newest tag life; only when asked for. */
  last_modified: Date | null
  /** The caller has starred it. */
  is_starred: boolean
}

/** Repositories that the caller may see, by id, after `afterId`. */
export async function listRepositories(
  db: Db,
  wanted: Visibility & {
    namespace?: string | undefined
    /** Only those that the caller has starred. */
    onlyStarred?: boolean
    withLastModified?: boolean
    afterId: number
    limit: number
  },
): Promise<ListedRepository[]> {
  const lastModified = wanted.withLastModified
    ? sql`(select max(t.started_at) from tag t where t.repository_id = r.id and t.ended_at is null)`
    : sql`null::timestamptz`
  // One id, so that an index gives the repositories in their order.
  const inNamespace =
    wanted.namespace === undefined
      ? sql`true`
      : sql`r.namespace_id = (select id from namespace where name = ${wanted.namespace})`
  const starred = sql`r.id in (select s.repository_id from star s where s.user_id = ${wanted.userId}::bigint)`
  const { rows } = await sql<ListedRepository>`
    select r.id, n.name as namespace, r.name, r.description, r.is_public, r.state,
      ${lastModified} as last_modified, ${starred} as is_starred
    from repository r join namespace n on n.id = r.namespace_id
    where ${inNamespace} and r.state <> 'MARKED_FOR_DELETION' and n.enabled
      and ${wanted.onlyStarred ? starred : sql`true`}
      and r.id > ${wanted.afterId} and ${visible(wanted)}
    order by r.id limit ${wanted.limit}`.execute(db)
  return rows
}

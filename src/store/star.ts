import { sql } from 'kysely'

import type { RepositoryName } from '#domain/name.ts'
import type { Db, Tx } from './db.ts'

/** Stars a repository; one that is starred stays so. */
export async function insertStar(
  tx: Tx,
  star: { userId: number; repositoryId: number; at: Date },
): Promise<void> {
  await tx
    .insertInto('star')
    .values({ user_id: star.userId, repository_id: star.repositoryId, created_at: star.at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Takes a user's star from a repository, if there is one. */
export async function deleteStar(
  db: Db,
  star: Pick<RepositoryName, 'namespace' | 'name'> & { userId: number },
): Promise<void> {
  await sql`
    delete from star s using repository r, namespace n
    where s.user_id = ${star.userId} and r.id = s.repository_id and n.id = r.namespace_id
      and r.name = ${star.name} and n.name = ${star.namespace}`.execute(db)
}

/** True when the user has starred the repository; nobody (null) has. */
export async function isStarred(
  db: Db,
  { userId, repositoryId }: { userId: number | null; repositoryId: number },
): Promise<boolean> {
  if (userId === null) return false
  const star = await db
    .selectFrom('star')
    .select('user_id')
    .where('user_id', '=', userId)
    .where('repository_id', '=', repositoryId)
    .executeTakeFirst()
  return star !== undefined
}

import type { UserActor } from '#domain/principal.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import { transact } from '#store/db.ts'
import { insertStar } from '#store/star.ts'
import type { Deps } from '#deps.ts'
import { demandRepository } from './demand-repository.ts'

/** Stars a repository. Throws `not_found` when it was deleted a moment ago. Stars are not in the audit log. */
export async function starRepository(
  { db, clock }: Deps,
  { repository, actor }: { repository: RepositoryTarget; actor: UserActor },
): Promise<void> {
  await transact(db, async (tx) => {
    await demandRepository(tx, repository)
    await insertStar(tx, { userId: actor.id, repositoryId: repository.id, at: clock.now() })
  })
}

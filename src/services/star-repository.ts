import { RegistryError } from '#domain/errors.ts'
import type { UserActor } from '#domain/principal.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import { transact } from '#store/db.ts'
import { holdRepository } from '#store/repository.ts'
import { insertStar } from '#store/star.ts'
import type { Deps } from '#deps.ts'

/** Stars a repository. Throws `not_found` when it was deleted a moment ago. Stars are not in the audit log. */
export async function starRepository(
  { db, clock }: Deps,
  { repository, actor }: { repository: RepositoryTarget; actor: UserActor },
): Promise<void> {
  await transact(db, async (tx) => {
    if (!(await holdRepository(tx, repository.id)))
      throw new RegistryError('not_found', `no repository ${repository.fullName}`)
    await insertStar(tx, { userId: actor.id, repositoryId: repository.id, at: clock.now() })
  })
}

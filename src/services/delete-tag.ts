import { RegistryError } from '#domain/errors.ts'
import { transact } from '#store/db.ts'
import { endTag, lockTag } from '#store/tag.ts'
import type { Deps } from '#deps.ts'
import { demandRepository } from './demand-repository.ts'
import { logTag, type TagOf } from './log-tag.ts'

/**
 * Ends the life of a tag; its past stays in the history. Throws `not_found`, or `tag_immutable` when a rule
 * forbids it. The audit row (`delete_tag`) is written in the same transaction.
 */
export async function deleteTag({ db, clock }: Deps, tag: TagOf): Promise<void> {
  const { repository, name } = tag
  const at = clock.now()
  await transact(db, async (tx) => {
    await demandRepository(tx, repository)
    await lockTag(tx, { repositoryId: repository.id, name })
    const outcome = await endTag(tx, { repositoryId: repository.id, name, at })
    if (outcome === 'unknown')
      throw new RegistryError('not_found', `no tag ${name} in ${repository.fullName}`)
    if (outcome === 'immutable')
      throw new RegistryError('tag_immutable', `Cannot delete immutable tag '${name}'`)
    await logTag(tx, tag, { kind: 'delete_tag', at })
  })
}

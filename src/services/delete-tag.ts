import { RegistryError } from '#domain/errors.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import { transact } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { holdRepository } from '#store/repository.ts'
import { endTag, lockTag } from '#store/tag.ts'
import type { Deps } from '#deps.ts'

/**
 * Ends the life of a tag; its past stays in the history. Throws `not_found`, or `tag_immutable` when a rule
 * forbids it. The audit row (`delete_tag`) is written in the same transaction.
 */
export async function deleteTag(
  { db, clock }: Deps,
  tag: { repository: RepositoryTarget; name: string; actor: KnownActor },
): Promise<void> {
  const { repository, name, actor } = tag
  const at = clock.now()
  await transact(db, async (tx) => {
    if (!(await holdRepository(tx, repository.id)))
      throw new RegistryError('not_found', `no repository ${repository.fullName}`)
    await lockTag(tx, { repositoryId: repository.id, name })
    const outcome = await endTag(tx, { repositoryId: repository.id, name, at })
    if (outcome === 'unknown')
      throw new RegistryError('not_found', `no tag ${name} in ${repository.fullName}`)
    if (outcome === 'immutable')
      throw new RegistryError('tag_immutable', `Cannot delete immutable tag '${name}'`)
    await writeLog(tx, {
      kind: 'delete_tag',
      actor,
      namespaceId: repository.namespace.id,
      repositoryId: repository.id,
      metadata: {
        username: actor.username,
        namespace: repository.namespace.name,
        repo: repository.name,
        tag: name,
      },
      at,
    })
  })
}

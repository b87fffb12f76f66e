import type { Digest } from '#domain/digest.ts'
import { RegistryError } from '#domain/errors.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import { isBlobNamed, unlinkBlob } from '#store/blob.ts'
import { transact, type Tx } from '#store/db.ts'
import { markManifestDeleted } from '#store/manifest.ts'
import { holdRepository } from '#store/repository.ts'
import { endTagsOfManifest, findImmutableTag, holdTagsOfManifest } from '#store/tag.ts'
import type { Deps } from '#deps.ts'
import { goneError } from './ensure-repository.ts'
import { logTags } from './log-tag.ts'

/**
 * Deletes a manifest and every tag that points at it, at once. Both stay restorable while the time machine
 * holds them. Throws `manifest_unknown`, or `tag_immutable` when a rule protects one of the tags.
 */
export async function deleteManifest(
  { db, clock }: Deps,
  deleted: { repository: RepositoryTarget; digest: Digest; actor: KnownActor },
): Promise<void> {
  const { repository, digest, actor } = deleted
  const at = clock.now()
  await transact(db, async (tx) => {
    await holdForClient(tx, repository)
    const manifestId = await markManifestDeleted(tx, { repositoryId: repository.id, digest, at })
    if (manifestId === undefined)
      throw new RegistryError('manifest_unknown', `no manifest ${digest} in ${repository.fullName}`)
    await holdTagsOfManifest(tx, manifestId)
    const immutable = await findImmutableTag(tx, manifestId)
    if (immutable !== undefined)
      throw new RegistryError('tag_immutable', `Cannot delete immutable tag '${immutable}'`)
    const names = await endTagsOfManifest(tx, { manifestId, at })
    const tags = names.map((name) => ({ repository, name, actor }))
    await logTags(tx, tags, { kind: 'delete_tag', metadata: { digest }, at })
  })
}

/**
 * Takes a blob out of a repository. Throws `blob_unknown`, or `blob_in_use` while a manifest of the
 * repository names it.
 */
export async function deleteBlob(
  { db }: Deps,
  { repository, digest }: { repository: RepositoryTarget; digest: Digest },
): Promise<void> {
  await transact(db, async (tx) => {
    await holdForClient(tx, repository)
    if (!(await unlinkBlob(tx, { repositoryId: repository.id, digest })))
      throw new RegistryError('blob_unknown', `no blob ${digest} in ${repository.fullName}`)
    if (await isBlobNamed(tx, { repositoryId: repository.id, digest }))
      throw new RegistryError(
        'blob_in_use',
        `a manifest of ${repository.fullName} names ${digest}: delete the manifest first`,
      )
  })
}

/** Keeps the repository; what clients of the registry protocol are told when it is gone. */
async function holdForClient(tx: Tx, { id, fullName }: RepositoryTarget): Promise<void> {
  if (!(await holdRepository(tx, id))) throw goneError(fullName)
}

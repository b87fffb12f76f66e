import { RegistryError } from '#domain/errors.ts'
import type { Tx } from '#store/db.ts'
import { closeTag, findLiveTag, insertTag, lockTag, type OpenTag } from '#store/tag.ts'

/**
 * Points a tag at a manifest: closes its present life and begins a new one, under the tag's lock. A tag that
 * points there already, for ever, is left as it is. The caller's transaction holds the manifest's row.
 * Gives the former life. Throws `tag_immutable`.
 */
export async function pointTag(
  tx: Tx,
  tag: { repositoryId: number; name: string; manifestId: number; at: Date; isReversion?: boolean },
): Promise<OpenTag | undefined> {
  await lockTag(tx, tag)
  const before = await findLiveTag(tx, tag)
  if (before?.isImmutable && before.manifestId !== tag.manifestId)
    throw new RegistryError('tag_immutable', `Cannot overwrite immutable tag '${tag.name}'`)
  if (before?.manifestId === tag.manifestId && before.expiresAt === null && !tag.isReversion)
    return before
  // Who waited for the lock may have an older time than who held it: lives follow each other all the same.
  const at = before && before.startedAt > tag.at ? before.startedAt : tag.at
  await closeTag(tx, { ...tag, at })
  await insertTag(tx, { ...tag, at, isReversion: tag.isReversion ?? false })
  return before
}

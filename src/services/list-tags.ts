import type { RepositoryTarget } from '#domain/target.ts'
import { listChildren } from '#store/manifest.ts'
import { listTagHistory, type ListedTag } from '#store/tag.ts'
import type { Deps } from '#deps.ts'
import { restorableSince } from './change-tag.ts'

/** A life of a tag, and for an index which of its manifests the repository holds. */
export interface TagWithChildren extends ListedTag {
  children: ReadonlyMap<string, boolean> | undefined
}

/** One page of the tags of a repository and their past lives, newest first. Two queries, whatever the page holds. */
export async function listTags(
  { db, clock }: Deps,
  wanted: {
    repository: RepositoryTarget
    name: string | undefined
    contains: string | undefined
    onlyLive: boolean
    /** From 1. */
    page: number
    limit: number
  },
): Promise<{ tags: TagWithChildren[]; hasMore: boolean }> {
  const at = clock.now()
  const found = await listTagHistory(db, {
    repositoryId: wanted.repository.id,
    name: wanted.name,
    contains: wanted.contains,
    onlyLive: wanted.onlyLive,
    endedAfter: restorableSince(wanted.repository, at),
    at,
    offset: (wanted.page - 1) * wanted.limit,
    limit: wanted.limit + 1,
  })
  const tags = found.slice(0, wanted.limit)
  const children = new Map<number, Map<string, boolean>>()
  for (const tag of tags) if (tag.is_index) children.set(tag.manifest_id, new Map())
  for (const child of await listChildren(db, [...children.keys()]))
    children.get(child.manifest_id)?.set(child.child_digest, child.is_present)
  return {
    tags: tags.map((tag) => Object.assign(tag, { children: children.get(tag.manifest_id) })),
    hasMore: found.length > wanted.limit,
  }
}

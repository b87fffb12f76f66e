import { epochSeconds, rfcDate } from '#domain/date.ts'
import type { TagWithChildren } from '#services/list-tags.ts'

/** A life of a tag as the API shows it. */
export function viewTag(tag: TagWithChildren) {
  return {
    name: tag.name,
    reversion: tag.is_reversion,
    start_ts: epochSeconds(tag.started_at),
    ...(tag.ended_at === null
      ? {}
      : { end_ts: epochSeconds(tag.ended_at), expiration: rfcDate(tag.ended_at) }),
    manifest_digest: tag.digest,
    is_manifest_list: tag.is_index,
    size: tag.layers_size_bytes,
    last_modified: rfcDate(tag.started_at),
    ...(tag.children ? viewChildren(tag.children) : {}),
  }
}

function viewChildren(children: ReadonlyMap<string, boolean>) {
  const present = [...children.values()].filter(Boolean).length
  return {
    is_sparse: present < children.size,
    child_manifest_count: children.size,
    present_child_count: present,
    child_manifests_presence: Object.fromEntries(children),
  }
}

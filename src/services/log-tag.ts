import type { KnownActor } from '#domain/principal.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import type { Tx } from '#store/db.ts'
import { writeLogs, type LogKind } from '#store/log.ts'

/** A tag in a repository, and who acts on it. */
export interface TagOf {
  repository: RepositoryTarget
  name: string
  actor: KnownActor
}

/** What was done to a tag; `metadata` is what the kind tells beside repository, tag and user. */
interface TagDeed {
  kind: LogKind
  metadata?: Record<string, unknown>
  at: Date
}

/** Writes the audit entry of what was done to a tag. */
export function logTag(tx: Tx, tag: TagOf, deed: TagDeed): Promise<void> {
  return logTags(tx, [tag], deed)
}

/** The same for several tags. */
export function logTags(
  tx: Tx,
  tags: readonly TagOf[],
  { kind, metadata, at }: TagDeed,
): Promise<void> {
  const entries = tags.map(({ repository, name, actor }) => ({
    kind,
    actor,
    namespaceId: repository.namespace.id,
    repositoryId: repository.id,
    metadata: {
      username: actor.username,
      namespace: repository.namespace.name,
      repo: repository.name,
      tag: name,
      ...metadata,
    },
    at,
  }))
  return writeLogs(tx, entries)
}

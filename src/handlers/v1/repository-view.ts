import { includesRole } from '#domain/access.ts'
import { epochSeconds, rfcDate } from '#domain/date.ts'
import type { Actor } from '#domain/principal.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import type { TagWithChildren } from '#services/list-tags.ts'
import type { ListedRepository } from '#store/repository.ts'

/** Days of statistics that a repository shows. */
const statsDays = 92
const dayMs = 86_400_000

/** A line of a repository list. */
export function viewSummary(
  row: ListedRepository,
  { actor, query }: { actor: Actor; query: { last_modified?: boolean; popularity?: boolean } },
) {
  return {
    namespace: row.namespace,
    name: row.name,
    description: row.description,
    is_public: row.is_public,
    kind: 'image',
    state: row.state,
    ...(query.last_modified
      ? { last_modified: row.last_modified === null ? null : epochSeconds(row.last_modified) }
      : {}),
    // Pulls are not counted yet.
    ...(query.popularity ? { popularity: 0 } : {}),
    ...(actor.kind === 'user' ? { is_starred: row.is_starred } : {}),
  }
}

/** A repository, and what the caller may do there. Who may read everything sees what administrators see. */
export function viewRepository(target: RepositoryTarget, actor: Actor, isStarred: boolean) {
  const readsAll = actor.kind === 'user' && actor.standing.globalReadonlySuperuser
  return {
    namespace: target.namespace.name,
    name: target.name,
    kind: 'image',
    description: target.description,
    is_public: target.isPublic,
    is_organization: target.namespace.isOrganization,
    is_starred: isStarred,
    status_token: '',
    trust_enabled: false,
    tag_expiration_s: target.tagExpirationSeconds,
    is_free_account: true,
    state: target.state,
    can_write: includesRole(target.role, 'write') && target.state === 'NORMAL',
    can_admin: includesRole(target.role, 'admin') || readsAll,
  }
}

/** The live tags by name. */
export function viewTags(tags: readonly TagWithChildren[]) {
  return Object.fromEntries(
    tags.map((tag) => [
      tag.name,
      {
        name: tag.name,
        size: tag.layers_size_bytes,
        last_modified: rfcDate(tag.started_at),
        manifest_digest: tag.digest,
        ...(tag.ended_at === null ? {} : { expiration: rfcDate(tag.ended_at) }),
      },
    ]),
  )
}

/** Activity of each of the last 92 days, oldest first. Nothing is counted yet, so all of them are 0. */
export function dailyCounts(now: Date): { date: string; count: number }[] {
  return Array.from({ length: statsDays }, (_, index) => ({
    date: new Date(now.getTime() - (statsDays - 1 - index) * dayMs).toISOString().slice(0, 10),
    count: 0,
  }))
}

import { RegistryError } from '#domain/errors.ts'
import { parseRepositoryName } from '#domain/name.ts'
import type { Actor } from '#domain/principal.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import { changeRepository, deleteRepository, makeRepository } from '#services/change-repository.ts'
import { listTags } from '#services/list-tags.ts'
import { visibilityOf } from '#services/visibility.ts'
import { listRepositories } from '#store/repository.ts'
import { isStarred } from '#store/star.ts'
import type { Deps } from '#deps.ts'
import type { Call, Handlers } from '#operation.ts'
import { dailyCounts, viewRepository, viewSummary, viewTags } from './repository-view.ts'
import { cutPage, readPageToken } from './page-token.ts'

const pageSize = 100
/** Live tags that `getRepo` includes at most. */
const maxIncludedTags = 500

/** Repositories. */
export const repository: Handlers<
  | 'createRepo'
  | 'listRepos'
  | 'getRepo'
  | 'updateRepo'
  | 'deleteRepository'
  | 'changeRepoVisibility'
  | 'changeRepoState'
> = {
  async createRepo({ target, actor, body }, deps) {
    const { name } = parseRepositoryName(`${target.name}/${body.repository}`, '')
    await makeRepository(deps, {
      namespace: target,
      name,
      isPublic: body.visibility === 'public',
      description: body.description,
      actor,
    })
    return { status: 201, body: { namespace: target.name, name, kind: 'image' } }
  },
  async listRepos({ actor, query }, { db, config }) {
    const wanted = { ...visibilityOf(actor, config), ...chosenBy(query, actor) }
    // There is one kind of repository.
    const isKnown = (query.repo_kind ?? 'image') === 'image'
    const found = isKnown ? await listRepositories(db, { ...wanted, limit: pageSize + 1 }) : []
    const { page, next } = cutPage(found, pageSize)
    const repositories = page.map((row) => viewSummary(row, { actor, query }))
    return { status: 200, body: { repositories, ...next } }
  },
  async getRepo({ target, actor, query }, deps) {
    const wanted = { userId: actor.kind === 'user' ? actor.id : null, repositoryId: target.id }
    const tags = query.includeTags === false ? {} : { tags: await liveTags(deps, target) }
    const stats = query.includeStats ? { stats: dailyCounts(deps.clock.now()) } : {}
    const view = viewRepository(target, actor, await isStarred(deps.db, wanted))
    return { status: 200, body: { ...view, ...tags, ...stats } }
  },
  async updateRepo({ target, actor, body }, deps) {
    await changeRepository(deps, {
      repository: target,
      change: { description: body.description },
      actor,
    })
    return { status: 200, body: { success: true } }
  },
  async deleteRepository({ target, actor }, deps) {
    await deleteRepository(deps, { repository: target, actor })
    return { status: 204 }
  },
  async changeRepoVisibility({ target, actor, body }, deps) {
    const change = { isPublic: body.visibility === 'public' }
    await changeRepository(deps, { repository: target, change, actor })
    return { status: 200, body: { success: true } }
  },
  async changeRepoState({ target, actor, body }, deps) {
    await changeRepository(deps, { repository: target, change: { state: body.state }, actor })
    return { status: 200, body: { success: true } }
  },
}

/** Which repositories a list is of. Throws `invalid_request` for a choice that is none, or that wants somebody signed in. */
function chosenBy(query: Call<'listRepos'>['query'], actor: Actor) {
  const { namespace, starred = false, last_modified: withLastModified = false } = query
  if (!namespace && !starred && !query.public)
    throw new RegistryError('invalid_request', 'namespace, starred or public must be given')
  if (starred && actor.kind === 'anonymous')
    throw new RegistryError('invalid_request', 'starred needs somebody signed in')
  return {
    namespace,
    onlyStarred: starred,
    includePublic: (query.public ?? false) || starred,
    withLastModified,
    afterId: readPageToken(query.next_page),
  }
}

async function liveTags(deps: Deps, target: RepositoryTarget) {
  const { tags } = await listTags(deps, {
    repository: target,
    name: undefined,
    contains: undefined,
    onlyLive: true,
    page: 1,
    limit: maxIncludedTags,
  })
  return viewTags(tags)
}

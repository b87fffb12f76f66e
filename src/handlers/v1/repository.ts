import { RegistryError } from '#domain/errors.ts'
import { parseRepositoryName } from '#domain/name.ts'
import { changeRepository, deleteRepository, makeRepository } from '#services/change-repository.ts'
import { listTags } from '#services/list-tags.ts'
import { visibilityOf } from '#services/visibility.ts'
import { listRepositories } from '#store/repository.ts'
import { isStarred } from '#store/star.ts'
import type { Handlers } from '#operation.ts'
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
    if (!query.namespace && !query.starred && !query.public)
      throw new RegistryError('invalid_request', 'namespace, starred or public must be given')
    if (query.starred && actor.kind === 'anonymous')
      throw new RegistryError('invalid_request', 'starred needs somebody signed in')
    // There is one kind of repository.
    const found =
      (query.repo_kind ?? 'image') === 'image'
        ? await listRepositories(db, {
            ...visibilityOf(actor, config),
            includePublic: (query.public || query.starred) ?? false,
            namespace: query.namespace,
            onlyStarred: query.starred ?? false,
            withLastModified: query.last_modified ?? false,
            afterId: readPageToken(query.next_page),
            limit: pageSize + 1,
          })
        : []
    const { page, next } = cutPage(found, pageSize)
    return {
      status: 200,
      body: {
        repositories: page.map((row) => viewSummary(row, { actor, query })),
        ...next,
      },
    }
  },
  async getRepo({ target, actor, query }, deps) {
    const tags =
      query.includeTags === false
        ? undefined
        : await listTags(deps, {
            repository: target,
            name: undefined,
            contains: undefined,
            onlyLive: true,
            page: 1,
            limit: maxIncludedTags,
          })
    const wanted = { userId: actor.kind === 'user' ? actor.id : null, repositoryId: target.id }
    return {
      status: 200,
      body: {
        ...viewRepository(target, actor, await isStarred(deps.db, wanted)),
        ...(tags ? { tags: viewTags(tags.tags) } : {}),
        ...(query.includeStats ? { stats: dailyCounts(deps.clock.now()) } : {}),
      },
    }
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

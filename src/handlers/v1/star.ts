import { parseRepositoryName } from '#domain/name.ts'
import { starRepository } from '#services/star-repository.ts'
import { visibilityOf } from '#services/visibility.ts'
import { listRepositories, type ListedRepository } from '#store/repository.ts'
import { deleteStar } from '#store/star.ts'
import type { Handlers } from '#operation.ts'
import { cutPage, readPageToken } from './page-token.ts'

const pageSize = 100

/** Repositories that somebody likes. */
export const star: Handlers<'listStarredRepos' | 'createStar' | 'deleteStar'> = {
  async listStarredRepos({ actor, query }, { db, config }) {
    const found = await listRepositories(db, {
      ...visibilityOf(actor, config),
      includePublic: true,
      onlyStarred: true,
      afterId: readPageToken(query.next_page),
      limit: pageSize + 1,
    })
    const { page, next } = cutPage(found, pageSize)
    return { status: 200, body: { repositories: page.map(viewStarred), ...next } }
  },
  async createStar({ target, actor }, deps) {
    await starRepository(deps, { repository: target, actor })
    return { status: 201, body: { namespace: target.namespace.name, repository: target.name } }
  },
  async deleteStar({ params, actor }, { db, config }) {
    const { namespace, name } = parseRepositoryName(params.repository, config.LIBRARY_NAMESPACE)
    await deleteStar(db, { namespace, name, userId: actor.id })
    return { status: 204 }
  },
}

function viewStarred({ namespace, name, description, is_public }: ListedRepository) {
  return { namespace, name, description, is_public }
}

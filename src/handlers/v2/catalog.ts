import { listRepositoryNames } from '#store/catalog.ts'
import { visibilityOf } from '#services/visibility.ts'
import type { Handlers } from '#operation.ts'
import { pageOf, pageSize } from './link.ts'

/** Repositories that the caller may pull from. */
export const catalog: Handlers<'listCatalog'> = {
  async listCatalog({ actor, query }, { config, db }) {
    const size = pageSize(query.n)
    const found = await listRepositoryNames(db, {
      ...visibilityOf(actor, config),
      includePublic: config.FEATURE_PUBLIC_CATALOG,
      last: query.last ?? '',
      limit: size === 0 ? 0 : size + 1,
    })
    const { names, headers } = pageOf(found, { path: '/v2/_catalog', size })
    return { status: 200, headers, body: { repositories: names } }
  },
}

import { listTagNames } from '#store/tag.ts'
import type { Handlers } from '#operation.ts'
import { pageOf, pageSize } from './link.ts'

/** Names of the live tags of a repository, in byte order. */
export const tag: Handlers<'listTags'> = {
  async listTags({ target, query }, { db, clock }) {
    const size = pageSize(query.n)
    const found = await listTagNames(db, {
      repositoryId: target.id,
      last: query.last ?? '',
      limit: size === 0 ? 0 : size + 1,
      at: clock.now(),
    })
    const { names, headers } = pageOf(found, { path: `/v2/${target.fullName}/tags/list`, size })
    return { status: 200, headers, body: { name: target.fullName, tags: names } }
  },
}

import { RegistryError } from '#domain/errors.ts'
import { changeTag, forgetTagHistory, restoreTag } from '#services/change-tag.ts'
import { deleteTag } from '#services/delete-tag.ts'
import { listTags } from '#services/list-tags.ts'
import type { Handlers } from '#operation.ts'
import { viewTag } from './tag-view.ts'

/** Tags and their history. */
export const tag: Handlers<
  'listRepoTags' | 'changeTag' | 'deleteFullTag' | 'restoreTag' | 'removeTagFromTimemachine'
> = {
  async listRepoTags({ target, query }, deps) {
    const page = Math.max(1, query.page ?? 1)
    const { tags, hasMore } = await listTags(deps, {
      repository: target,
      ...parseFilter(query.filter_tag_name, query.specificTag),
      onlyLive: query.onlyActiveTags ?? false,
      page,
      limit: Math.min(Math.max(1, query.limit ?? 50), 100),
    })
    return { status: 200, body: { tags: tags.map(viewTag), page, has_additional: hasMore } }
  },
  async changeTag({ params, target, actor, body }, deps) {
    await changeTag(
      deps,
      { repository: target, name: params.tag, actor },
      {
        ...(body.expiration === undefined ? {} : { expiration: body.expiration }),
        ...(body.manifest_digest ? { manifestDigest: body.manifest_digest } : {}),
      },
    )
    return { status: 201, body: 'Updated' }
  },
  async deleteFullTag({ params, target, actor }, deps) {
    await deleteTag(deps, { repository: target, name: params.tag, actor })
    return { status: 204 }
  },
  async restoreTag({ params, target, actor, body }, deps) {
    await restoreTag(deps, { repository: target, name: params.tag, actor }, body.manifest_digest)
    return { status: 200, body: {} }
  },
  async removeTagFromTimemachine({ params, target, actor, body }, deps) {
    if (!body.is_alive && body.manifest_digest === undefined)
      throw new RegistryError(
        'invalid_request',
        'manifest_digest is needed unless is_alive is true',
      )
    await forgetTagHistory(
      deps,
      { repository: target, name: params.tag, actor },
      { digest: body.manifest_digest, isAlive: body.is_alive },
    )
    return { status: 200, body: '' }
  },
}

function parseFilter(filter: string | undefined, specificTag: string | undefined) {
  const [, operator, text] = /^(like|eq):(.*)$/.exec(filter ?? '') ?? []
  if (filter && operator === undefined)
    throw new RegistryError('invalid_request', 'filter_tag_name must be like:TEXT or eq:TEXT')
  return {
    name: specificTag || (operator === 'eq' ? text : undefined),
    contains: operator === 'like' ? text : undefined,
  }
}

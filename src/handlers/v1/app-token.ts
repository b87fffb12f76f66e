import { rfcDate } from '#domain/date.ts'
import { RegistryError } from '#domain/errors.ts'
import { isUuid } from '#domain/text.ts'
import { addAppToken, revokeAppToken } from '#services/change-app-token.ts'
import { findOwnAppToken, listAppTokens, type AppToken } from '#store/app-token.ts'
import type { Deps } from '#deps.ts'
import type { Handlers } from '#operation.ts'
import { cutPage, readPageToken } from './page-token.ts'

const pageSize = 1_000
/** Life that "near its end" is measured by where APP_SPECIFIC_TOKEN_EXPIRATION is not set: 4 weeks. */
const usualLifeSeconds = 2_419_200

/** App tokens: passwords for single programs. */
export const appToken: Handlers<
  'listAppTokens' | 'createAppToken' | 'getAppToken' | 'revokeAppToken' | 'listAllAppTokens'
> = {
  async listAppTokens({ actor, query }, deps) {
    return { status: 200, body: await listPage(deps, query, actor.id) }
  },
  async createAppToken({ body, actor }, deps) {
    const { made, token } = await addAppToken(deps, { title: body.title, actor })
    return { status: 200, body: { token: { ...viewToken(made), token_code: token } } }
  },
  async getAppToken({ params, actor }, { db, sealer }) {
    const found = await findOwnAppToken(db, { userId: actor.id, uuid: parseId(params.token_uuid) })
    if (!found) throw missing(params.token_uuid)
    const token_code = sealer.unseal(found.sealed_token)
    return { status: 200, body: { token: { ...viewToken(found), token_code } } }
  },
  async revokeAppToken({ params, actor }, deps) {
    await revokeAppToken(deps, { uuid: parseId(params.token_uuid), actor })
    return { status: 204 }
  },
  async listAllAppTokens({ query }, deps) {
    return { status: 200, body: await listPage(deps, query) }
  },
}

/** A page of the tokens of a user, or of everybody. */
async function listPage(
  { db, clock, config }: Deps,
  query: { expiring?: boolean; next_page?: string },
  userId?: number,
) {
  const now = clock.now()
  const lifeSeconds = config.APP_SPECIFIC_TOKEN_EXPIRATION ?? usualLifeSeconds
  const soon = new Date(now.getTime() + lifeSeconds * 100)
  const found = await listAppTokens(db, {
    userId,
    endingBetween: query.expiring ? [now, soon] : undefined,
    afterId: readPageToken(query.next_page),
    limit: pageSize + 1,
  })
  const { page, next } = cutPage(found, pageSize)
  return {
    tokens: page.map(viewToken),
    only_expiring: query.expiring ?? null,
    ...next,
  }
}

function parseId(text: string): string {
  if (isUuid(text)) return text
  throw missing(text)
}

function missing(uuid: string): RegistryError {
  return new RegistryError('not_found', `you have no app token ${uuid.slice(0, 80)}`)
}

function viewToken({ uuid, title, created_at, expires_at, last_used_at }: AppToken) {
  return {
    uuid,
    title,
    created: rfcDate(created_at),
    last_accessed: last_used_at && rfcDate(last_used_at),
    expiration: expires_at && rfcDate(expires_at),
  }
}

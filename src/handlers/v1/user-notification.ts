import { rfcDate } from '#domain/date.ts'
import { RegistryError } from '#domain/errors.ts'
import { isUuid } from '#domain/text.ts'
import { readMetadata } from '#services/read-notification.ts'
import {
  findNotification,
  listNotifications,
  setDismissed,
  type UserNotification,
} from '#store/user-notification.ts'
import type { Deps } from '#deps.ts'
import type { Handlers } from '#operation.ts'

const maxLimit = 100

/** What users, and administrators of organizations, should know. */
export const userNotification: Handlers<
  'listUserNotifications' | 'getUserNotification' | 'updateUserNotification'
> = {
  async listUserNotifications({ query, actor }, deps) {
    const limit = Math.min(Math.max(query.limit ?? 5, 1), maxLimit)
    const offset = Math.max(query.page ?? 0, 0) * limit
    // One more than the page holds says whether there is another.
    const found = await listNotifications(deps.db, { userId: actor.id, offset, limit: limit + 1 })
    const notifications = found.slice(0, limit).map((each) => view(deps, each))
    return { status: 200, body: { notifications, additional: found.length > limit } }
  },
  async getUserNotification({ params: { uuid }, actor }, deps) {
    const found = isUuid(uuid) && (await findNotification(deps.db, { userId: actor.id, uuid }))
    if (!found) throw missing(uuid)
    return { status: 200, body: view(deps, found) }
  },
  async updateUserNotification({ params: { uuid }, body, actor }, deps) {
    const wanted = { userId: actor.id, uuid, dismissed: body.dismissed ?? false }
    const changed = isUuid(uuid) && (await setDismissed(deps.db, wanted))
    if (!changed) throw missing(uuid)
    return { status: 200, body: view(deps, changed) }
  },
}

function missing(uuid: string): RegistryError {
  return new RegistryError('not_found', `no notification ${uuid}`)
}

function view(deps: Deps, notification: UserNotification) {
  const { uuid, organization, kind, created_at, dismissed } = notification
  const metadata = readMetadata(deps, notification)
  return { id: uuid, organization, kind, created: rfcDate(created_at), metadata, dismissed }
}

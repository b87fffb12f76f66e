import { sql } from 'kysely'

import type { Db, Tx } from './db.ts'

/** Kinds of notifications, as Quay names them. */
export type NotificationKind =
  | 'org_team_invite'
  | 'assigned_authorization'
  | 'service_key_submitted'

/** Something to tell a user, or the administrators of an organization. */
export interface NewNotification {
  /** The user, or the organization. */
  namespaceId: number
  kind: NotificationKind
  metadata: Record<string, unknown>
  /** `deleteNotifications` finds it by this. */
  lookupKey?: string
  /** An invitation that it ends with, and whose inviter, organization and team it tells. */
  teamInviteId?: number
  at: Date
}

/** Tells a user, or the administrators of an organization. What the same invitation told before goes. */
export async function insertNotification(tx: Tx, notification: NewNotification): Promise<void> {
  const { teamInviteId } = notification
  if (teamInviteId !== undefined)
    await tx.deleteFrom('user_notification').where('team_invite_id', '=', teamInviteId).execute()
  await tx
    .insertInto('user_notification')
    .values({
      namespace_id: notification.namespaceId,
      kind: notification.kind,
      metadata: JSON.stringify(notification.metadata),
      lookup_key: notification.lookupKey ?? null,
      team_invite_id: teamInviteId ?? null,
      created_at: notification.at,
    })
    .execute()
}

/** Takes back everything of a kind that a user was told. */
export async function deleteNotificationsOfKind(
  db: Db,
  told: { namespaceId: number; kind: NotificationKind },
): Promise<void> {
  await db
    .deleteFrom('user_notification')
    .where('namespace_id', '=', told.namespaceId)
    .where('kind', '=', told.kind)
    .execute()
}

/** Takes back everything that was told under a key. */
export async function deleteNotifications(tx: Tx, lookupKey: string): Promise<void> {
  await tx.deleteFrom('user_notification').where('lookup_key', '=', lookupKey).execute()
}

/** A notification as its readers get it. */
export interface UserNotification {
  uuid: string
  /** Name of the organization whose administrators are told; null when it is for the user alone. */
  organization: string | null
  kind: string
  metadata: Record<string, unknown>
  dismissed: boolean
  created_at: Date
}

/** The user and the organizations whose administrators the user is one of. */
const readBy = (userId: number) => sql`(
  select ${userId}::bigint as id
  union
  select t.namespace_id from team_member m join team t on t.id = m.team_id
  where m.user_id = ${userId} and t.role = 'admin')`
/** What an invitation tells stands in its own tables, under the names of today. */
const ofInvite = sql`
  select jsonb_build_object('inviter', p.name, 'org', io.name, 'team', t.name)
  from team_invite i join team t on t.id = i.team_id join namespace io on io.id = t.namespace_id
    left join namespace p on p.id = i.inviter_id
  where i.id = n.team_invite_id`
const columns = sql`n.uuid, n.kind, n.dismissed, n.created_at,
  n.metadata || coalesce((${ofInvite}), '{}') as metadata,
  case when o.kind = 'organization' then o.name end as organization`

/**
 * Open notifications of a user and of the organizations that the user administers, newest first. No namespace is
 * asked for more rows than the page can hold.
 */
export async function listNotifications(
  db: Db,
  wanted: { userId: number; offset: number; limit: number },
): Promise<UserNotification[]> {
  const { rows } = await sql<UserNotification>`
    select ${columns}
    from ${readBy(wanted.userId)} p join namespace o on o.id = p.id and o.deleted_at is null
      cross join lateral (
        select * from user_notification where namespace_id = p.id and not dismissed
        order by id desc limit ${wanted.offset + wanted.limit}::bigint) n
    order by n.id desc offset ${wanted.offset}::bigint limit ${wanted.limit}::bigint`.execute(db)
  return rows
}

/** One notification that the user may read. */
export async function findNotification(
  db: Db,
  wanted: { userId: number; uuid: string },
): Promise<UserNotification | undefined> {
  const { rows } = await sql<UserNotification>`
    select ${columns}
    from user_notification n join namespace o on o.id = n.namespace_id and o.deleted_at is null
    where n.uuid = ${wanted.uuid} and n.namespace_id in (select id from ${readBy(wanted.userId)} p)`.execute(
    db,
  )
  return rows[0]
}

/** Puts a notification away, or brings it back, and gives it as it is then. Undefined when the user may not read it. */
export async function setDismissed(
  db: Db,
  wanted: { userId: number; uuid: string; dismissed: boolean },
): Promise<UserNotification | undefined> {
  const { rows } = await sql<UserNotification>`
    update user_notification n set dismissed = ${wanted.dismissed}
    from namespace o
    where o.id = n.namespace_id and o.deleted_at is null and n.uuid = ${wanted.uuid}
      and n.namespace_id in (select id from ${readBy(wanted.userId)} p)
    returning ${columns}`.execute(db)
  return rows[0]
}

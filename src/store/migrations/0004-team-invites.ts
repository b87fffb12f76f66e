import { sql, type Kysely } from 'kysely'

const statements = [
  // However an invitation ends - accepted, taken back, or gone with its team - it takes along what it told.
  `alter table user_notification
    add column team_invite_id bigint unique references team_invite (id) on delete cascade`,
  `create index user_notification_open on user_notification (namespace_id, id) where not dismissed`,
  `create index team_invite_inviter on team_invite (inviter_id)`,
]

/** Notifications of invitations end with them, and lists look at open notifications alone. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

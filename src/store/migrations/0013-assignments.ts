import { sql, type Kysely } from 'kysely'

const statements = [
  // One assignment for the same; what was told of the others goes with them.
  `delete from user_notification n using oauth_assignment s, oauth_assignment newer
    where n.lookup_key = 'assigned_authorization:' || s.uuid and newer.id > s.id
      and newer.application_id = s.application_id and newer.user_id = s.user_id
      and newer.redirect_uri = s.redirect_uri and newer.scopes = s.scopes`,
  `delete from oauth_assignment s using oauth_assignment newer
    where newer.id > s.id
      and newer.application_id = s.application_id and newer.user_id = s.user_id
      and newer.redirect_uri = s.redirect_uri and newer.scopes = s.scopes`,
  // Addresses are longer than an index takes.
  `create unique index oauth_assignment_once on oauth_assignment
    (application_id, user_id, md5(redirect_uri), scopes)`,
  `drop index oauth_assignment_application`,
]

/** A user is asked for the same token once. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

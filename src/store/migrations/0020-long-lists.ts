import { sql, type Kysely } from 'kysely'

const statements = [
  // What many accounts hold is read from the index alone.
  `create index repository_grant_by_user on repository_grant (user_id, repository_id)`,
  `drop index repository_grant_user`,
  `create index team_member_by_user on team_member (user_id, team_id)`,
  `drop index team_member_user`,
  // Pages of a namespace's repositories, of organizations and of live tags begin where the last one ended; without
  // these the others are read too: those of the same namespace, accounts, ended lives.
  `create index repository_namespace_id on repository (namespace_id, id)`,
  `create index namespace_organization on namespace (id) where kind = 'organization' and deleted_at is null`,
  `create index tag_live on tag (repository_id, started_at desc, name) where ended_at is null`,
]

/** Indexes for lists that are long. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

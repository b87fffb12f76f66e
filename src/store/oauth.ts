import type { Db, Tx } from './db.ts'
import { users } from './user.ts'

function logins(db: Db, at: Date) {
  return (
    users(db)
      .innerJoin('oauth_token as t', 't.user_id', 'n.id')
      .innerJoin('oauth_application as a', 'a.id', 't.application_id')
      .innerJoin('namespace as o', 'o.id', 'a.namespace_id')
      .select([
        't.id as token_id',
        't.uuid as token_uuid',
        't.secret_hash',
        't.scopes',
        'a.name as application',
        'a.client_id as application_id',
      ])
      .where('t.expires_at', '>', at)
      // The tokens of an organization's applications end with it.
      .where('o.deleted_at', 'is', null)
  )
}
const selectLogins = (db: Db, at: Date) => logins(db, at).execute()

/** A live OAuth token with its application, and whose it is. */
export type OAuthLogin = Awaited<ReturnType<typeof selectLogins>>[number]

/** Finds a live OAuth token by its first 20 characters. */
export function findOAuthToken(
  db: Db,
  token: { namePart: string; at: Date },
): Promise<OAuthLogin | undefined> {
  return logins(db, token.at).where('t.name_part', '=', token.namePart).executeTakeFirst()
}

/** Finds a live OAuth token by what registry tokens name it. */
export function findOAuthTokenByUuid(
  db: Db,
  token: { uuid: string; at: Date },
): Promise<OAuthLogin | undefined> {
  return logins(db, token.at).where('t.uuid', '=', token.uuid).executeTakeFirst()
}

/** Makes an application in a namespace; gives its id. */
export async function insertApplication(
  tx: Tx,
  application: { namespaceId: number; clientId: string; name: string; at: Date },
): Promise<number> {
  const { id } = await tx
    .insertInto('oauth_application')
    .values({
      namespace_id: application.namespaceId,
      client_id: application.clientId,
      name: application.name,
      created_at: application.at,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

import type { Db, Tx } from './db.ts'

/** A live OAuth token with its application. */
export async function findOAuthToken(db: Db, token: { namePart: string; at: Date }) {
  return db
    .selectFrom('oauth_token as t')
    .innerJoin('oauth_application as a', 'a.id', 't.application_id')
    .select([
      't.id',
      't.user_id',
      't.secret_hash',
      't.scopes',
      'a.name as application',
      'a.client_id as application_id',
    ])
    .where('t.name_part', '=', token.namePart)
    .where('t.expires_at', '>', token.at)
    .executeTakeFirst()
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

/** Keeps a token: its name part and the hash of the rest. `scopes` is space separated. */
export async function insertOAuthToken(
  tx: Tx,
  token: {
    applicationId: number
    userId: number
    namePart: string
    secretHash: string
    scopes: string
    at: Date
    expiresAt: Date
  },
): Promise<void> {
  await tx
    .insertInto('oauth_token')
    .values({
      application_id: token.applicationId,
      user_id: token.userId,
      name_part: token.namePart,
      secret_hash: token.secretHash,
      scopes: token.scopes,
      created_at: token.at,
      expires_at: token.expiresAt,
    })
    .execute()
}

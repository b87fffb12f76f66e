import { sql } from 'kysely'

import { only, type Db, type Tx } from './db.ts'

function tokens(db: Db) {
  return db
    .selectFrom('oauth_token as t')
    .leftJoin('namespace as c', 'c.id', 't.created_by_id')
    .select([
      't.id',
      't.uuid',
      't.name',
      't.scopes',
      't.created_at',
      't.expires_at',
      't.last_used_at',
      'c.name as created_by',
    ])
}
const selectTokens = (db: Db) => tokens(db).execute()

/** A token of an application, without what proves it. */
export type ApplicationToken = Awaited<ReturnType<typeof selectTokens>>[number]

/** Live tokens of an application, newest first; those before `beforeId`, unless that is 0. */
export function listApplicationTokens(
  db: Db,
  wanted: { applicationId: number; at: Date; beforeId: number; limit: number },
): Promise<ApplicationToken[]> {
  return tokens(db)
    .where('t.application_id', '=', wanted.applicationId)
    .$if(wanted.beforeId > 0, (query) => query.where('t.id', '<', wanted.beforeId))
    .where('t.expires_at', '>', wanted.at)
    .orderBy('t.id', 'desc')
    .limit(wanted.limit)
    .execute()
}

/** Number of live tokens of an application. */
export async function countApplicationTokens(
  db: Db,
  wanted: { applicationId: number; at: Date },
): Promise<number> {
  const rows = await db
    .selectFrom('oauth_token')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('application_id', '=', wanted.applicationId)
    .where('expires_at', '>', wanted.at)
    .execute()
  return only(rows).count
}

/** A token to keep: its first half, and the hash of the rest. */
export interface NewToken {
  applicationId: number
  userId: number
  namePart: string
  secretHash: string
  scopes: readonly string[]
  /** None for tokens of the OAuth flow. */
  name?: string
  createdById?: number
  /** The code that it was given for, and where that code went. */
  code?: { hash: string; redirectUri: string }
  at: Date
  expiresAt: Date
}

/** Keeps a token; gives its uuid. */
export async function insertApplicationToken(tx: Tx, token: NewToken): Promise<string> {
  const { uuid } = await tx
    .insertInto('oauth_token')
    .values({
      application_id: token.applicationId,
      user_id: token.userId,
      name_part: token.namePart,
      secret_hash: token.secretHash,
      scopes: token.scopes.join(' '),
      name: token.name ?? null,
      created_by_id: token.createdById ?? null,
      code_hash: token.code?.hash ?? null,
      redirect_uri: token.code?.redirectUri ?? null,
      created_at: token.at,
      expires_at: token.expiresAt,
    })
    .returning('uuid')
    .executeTakeFirstOrThrow()
  return uuid
}

/** Removes a token of an application; false when there is none. */
export async function deleteApplicationToken(
  tx: Tx,
  token: { applicationId: number; uuid: string },
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('oauth_token')
    .where('application_id', '=', token.applicationId)
    .where('uuid', '=', token.uuid)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** Removes the token that was given for a code. */
export async function deleteTokenOfCode(
  tx: Tx,
  token: { applicationId: number; codeHash: string },
): Promise<void> {
  await tx
    .deleteFrom('oauth_token')
    .where('code_hash', '=', token.codeHash)
    .where('application_id', '=', token.applicationId)
    .execute()
}

/** Scopes of the live tokens that codes gave an application of a user at an address, each set as it was given. */
export async function listTokenScopes(
  db: Db,
  wanted: { applicationId: number; userId: number; redirectUri: string; at: Date },
): Promise<string[]> {
  const rows = await db
    .selectFrom('oauth_token')
    .select('scopes')
    .distinct()
    .where('application_id', '=', wanted.applicationId)
    .where('user_id', '=', wanted.userId)
    .where('redirect_uri', '=', wanted.redirectUri)
    .where('expires_at', '>', wanted.at)
    .limit(1000)
    .execute()
  return rows.map(({ scopes }) => scopes)
}

function authorizations(db: Db, owner: { userId: number; at: Date }) {
  return db
    .selectFrom('oauth_token as t')
    .innerJoin('oauth_application as a', 'a.id', 't.application_id')
    .innerJoin('namespace as n', 'n.id', 'a.namespace_id')
    .select([
      't.uuid',
      't.scopes',
      'a.name',
      'a.description',
      'a.application_uri',
      'a.avatar_email',
      'n.name as namespace',
      sql<boolean>`n.kind = 'organization'`.as('is_organization'),
    ])
    .where('t.user_id', '=', owner.userId)
    .where('t.expires_at', '>', owner.at)
    .where('n.deleted_at', 'is', null)
}
const selectAuthorizations = (db: Db, owner: { userId: number; at: Date }) =>
  authorizations(db, owner).execute()

/** A live token with which an application acts as a user. */
export type Authorization = Awaited<ReturnType<typeof selectAuthorizations>>[number]

/** Live tokens of a user, oldest first. */
export function listAuthorizations(
  db: Db,
  wanted: { userId: number; at: Date; limit: number },
): Promise<Authorization[]> {
  return authorizations(db, wanted).orderBy('t.id').limit(wanted.limit).execute()
}

export function findAuthorization(
  db: Db,
  wanted: { userId: number; at: Date; uuid: string },
): Promise<Authorization | undefined> {
  return authorizations(db, wanted).where('t.uuid', '=', wanted.uuid).executeTakeFirst()
}

/** Removes a token of a user; false when there is none. */
export async function deleteAuthorization(
  db: Db,
  token: { userId: number; uuid: string },
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('oauth_token')
    .where('user_id', '=', token.userId)
    .where('uuid', '=', token.uuid)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

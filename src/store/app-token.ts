import type { Db, Tx } from './db.ts'
import { users } from './user.ts'

function logins(db: Db, at: Date) {
  return users(db)
    .innerJoin('app_token as t', 't.user_id', 'n.id')
    .select(['t.id as token_id', 't.uuid as token_uuid', 't.title', 't.secret_hash'])
    .where((eb) => eb.or([eb('t.expires_at', 'is', null), eb('t.expires_at', '>', at)]))
}

const selectLogins = (db: Db, at: Date) => logins(db, at).execute()

/** A live app token and whose it is. */
export type AppTokenLogin = Awaited<ReturnType<typeof selectLogins>>[number]

/** Finds a live app token by its first 60 characters. */
export function findAppToken(
  db: Db,
  token: { namePart: string; at: Date },
): Promise<AppTokenLogin | undefined> {
  return logins(db, token.at).where('t.name_part', '=', token.namePart).executeTakeFirst()
}

/** Finds a live app token by what registry tokens name it. */
export function findAppTokenByUuid(
  db: Db,
  token: { uuid: string; at: Date },
): Promise<AppTokenLogin | undefined> {
  return logins(db, token.at).where('t.uuid', '=', token.uuid).executeTakeFirst()
}

/** An app token as lists show it. */
export interface AppToken {
  id: number
  uuid: string
  title: string
  created_at: Date
  expires_at: Date | null
  last_used_at: Date | null
}

const columns = ['id', 'uuid', 'title', 'created_at', 'expires_at', 'last_used_at'] as const

/**
 * App tokens by id, after `afterId`: those of a user, or of everybody. With `endingBetween` only those that end after
 * its first moment and not after its second.
 */
export async function listAppTokens(
  db: Db,
  wanted: {
    userId: number | undefined
    endingBetween: readonly [Date, Date] | undefined
    afterId: number
    limit: number
  },
): Promise<AppToken[]> {
  const { userId, endingBetween } = wanted
  return db
    .selectFrom('app_token')
    .select(columns)
    .where('id', '>', wanted.afterId)
    .$if(userId !== undefined, (query) => query.where('user_id', '=', userId!))
    .$if(endingBetween !== undefined, (query) =>
      query
        .where('expires_at', '>', endingBetween![0])
        .where('expires_at', '<=', endingBetween![1]),
    )
    .orderBy('id')
    .limit(wanted.limit)
    .execute()
}

/** An app token of a user with its sealed text; undefined when it is not there or another's. */
export async function findOwnAppToken(db: Db, wanted: { userId: number; uuid: string }) {
  return db
    .selectFrom('app_token')
    .select([...columns, 'sealed_token'])
    .where('uuid', '=', wanted.uuid)
    .where('user_id', '=', wanted.userId)
    .executeTakeFirst()
}

/** Keeps a new app token. */
export async function insertAppToken(
  tx: Tx,
  token: {
    userId: number
    title: string
    namePart: string
    secretHash: string
    sealedToken: Buffer
    at: Date
    expiresAt: Date | null
  },
): Promise<AppToken> {
  return tx
    .insertInto('app_token')
    .values({
      user_id: token.userId,
      title: token.title,
      name_part: token.namePart,
      secret_hash: token.secretHash,
      sealed_token: token.sealedToken,
      created_at: token.at,
      expires_at: token.expiresAt,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
}

/** Removes an app token of a user; gives its title, or undefined when it is not there or another's. */
export async function deleteAppToken(
  tx: Tx,
  wanted: { userId: number; uuid: string },
): Promise<string | undefined> {
  const deleted = await tx
    .deleteFrom('app_token')
    .where('uuid', '=', wanted.uuid)
    .where('user_id', '=', wanted.userId)
    .returning('title')
    .executeTakeFirst()
  return deleted?.title
}

/** Removes app tokens that expired before a time. */
export async function deleteAppTokensExpiredBefore(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('app_token').where('expires_at', '<', before).execute()
}

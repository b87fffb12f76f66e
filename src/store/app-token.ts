import type { Db } from './db.ts'
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

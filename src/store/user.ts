import { sql } from 'kysely'

import { countingSince } from '#domain/lockout.ts'
import { only, type Db, type Tx } from './db.ts'
import { clearFailuresByAddress } from './login-failure.ts'
import { endMailCodes } from './mail-code.ts'
import { deleteCodesOf } from './oauth-code.ts'

/** A user as the database keeps it: account and namespace in one. */
export type User = Awaited<ReturnType<typeof selectUsers>>[number]

const columns = [
  'n.id',
  'n.uuid',
  'n.name as username',
  'n.enabled',
  'n.tag_expiration_seconds',
  'u.email',
  'u.password_hash',
  'u.session_epoch',
  'u.credential_epoch',
  'u.is_verified',
  'u.is_superuser',
  'u.failed_sign_ins',
  'u.last_failed_sign_in_at',
  'u.invoice_email',
  'u.invoice_email_address',
  'u.given_name',
  'u.family_name',
  'u.company',
  'u.location',
  'u.prompts',
] as const

/** Users with what their standing depends on; robots and those on their way out are none. */
export function users(db: Db) {
  return db
    .selectFrom('user_account as u')
    .innerJoin('namespace as n', 'n.id', 'u.namespace_id')
    .select(columns)
    .where('n.kind', '=', 'user')
    .where('n.deleted_at', 'is', null)
}
const selectUsers = (db: Db) => users(db).execute()

export function findUserById(db: Db, id: number): Promise<User | undefined> {
  return users(db).where('n.id', '=', id).executeTakeFirst()
}

export function findUserByUuid(db: Db, uuid: string): Promise<User | undefined> {
  return users(db).where('n.uuid', '=', uuid).executeTakeFirst()
}

export function findUserByName(db: Db, username: string): Promise<User | undefined> {
  return users(db).where('n.name', '=', username).executeTakeFirst()
}

/** True for a login that is an e-mail address: no name holds an `@`. */
export function isAddress(login: string): boolean {
  return login.includes('@')
}

/** Finds a user by name, or by e-mail address. */
export function findUserByLogin(db: Db, login: string): Promise<User | undefined> {
  return isAddress(login)
    ? users(db).where('u.email', '=', login).executeTakeFirst()
    : findUserByName(db, login)
}

/**
 * Finds a user by name, and holds namespace and account until the transaction ends: with the namespace alone, what
 * another transaction has just written to the account would not be seen.
 */
export function lockUser(tx: Tx, username: string): Promise<User | undefined> {
  return users(tx).where('n.name', '=', username).forNoKeyUpdate(['n', 'u']).executeTakeFirst()
}

/** The same by id. */
export function lockUserById(tx: Tx, id: number): Promise<User | undefined> {
  return users(tx).where('n.id', '=', id).forNoKeyUpdate(['n', 'u']).executeTakeFirst()
}

/** Users by id, after `afterId`; those who are disabled only when asked for. */
export function listUsers(
  db: Db,
  wanted: { withDisabled: boolean; afterId: number; limit: number },
): Promise<User[]> {
  const all = users(db)
    .where('n.id', '>', wanted.afterId)
    // Said of both, so that a join of two indexes begins in both of them here.
    .where('u.namespace_id', '>', wanted.afterId)
    .orderBy('n.id')
    .limit(wanted.limit)
  return (wanted.withDisabled ? all : all.where('n.enabled', '=', true)).execute()
}

/** The users among these ids. */
export function listUsersById(db: Db, ids: readonly number[]): Promise<User[]> {
  return users(db)
    .where('n.id', '=', sql<number>`any(${ids}::bigint[])`)
    .execute()
}

/** True when there is at least one user. */
export async function anyUserExists(db: Db): Promise<boolean> {
  return (await db.selectFrom('user_account').select('namespace_id').limit(1).execute()).length > 0
}

/** Holds back other processes that would make the first user at the same time, until the transaction ends. */
export async function lockFirstUser(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('first_user'))`.execute(tx)
}

/** What a web page should still ask a user for; names are Quay's. */
export type Prompt = 'confirm_username' | 'enter_name' | 'enter_company'

export interface NewUser {
  username: string
  email: string | null
  passwordHash: string
  isVerified: boolean
  isSuperuser: boolean
  prompts?: readonly Prompt[]
  /** Its owner asked for it, as people do who sign up. */
  isSelfMade?: boolean
  tagExpirationSeconds: number
  at: Date
}

/** Inserts the namespace and the account. Fails with a unique violation when the name or the e-mail is taken. */
export async function insertUser(tx: Tx, user: NewUser): Promise<number> {
  const { id } = await tx
    .insertInto('namespace')
    .values({
      name: user.username,
      kind: 'user',
      tag_expiration_seconds: user.tagExpirationSeconds,
      created_at: user.at,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('user_account')
    .values({
      namespace_id: id,
      email: user.email,
      password_hash: user.passwordHash,
      is_verified: user.isVerified,
      is_superuser: user.isSuperuser,
      prompts: JSON.stringify(user.prompts ?? []),
      signed_up_at: user.isSelfMade ? user.at : null,
    })
    .execute()
  return id
}

/** Fields of an account that are changed; absent ones stay. */
export interface AccountChanges {
  email?: string
  is_verified?: boolean
  invoice_email?: boolean
  invoice_email_address?: string | null
  given_name?: string | null
  family_name?: string | null
  company?: string | null
  location?: string | null
}

export async function updateAccount(tx: Tx, id: number, changes: AccountChanges): Promise<void> {
  if (Object.keys(changes).length === 0) return
  await tx.updateTable('user_account').set(changes).where('namespace_id', '=', id).execute()
}

export async function updateNamespace(
  tx: Tx,
  id: number,
  changes: { name?: string; enabled?: boolean; tag_expiration_seconds?: number },
): Promise<void> {
  await tx.updateTable('namespace').set(changes).where('id', '=', id).execute()
}

/** Marks the e-mail address as proved. */
export async function markVerified(tx: Tx, id: number): Promise<void> {
  await tx
    .updateTable('user_account')
    .set({ is_verified: true })
    .where('namespace_id', '=', id)
    .where('is_verified', '=', false)
    .execute()
}

/** Takes back what a user is no longer to be asked. */
export async function removePrompts(tx: Tx, id: number, prompts: readonly Prompt[]): Promise<void> {
  await tx
    .updateTable('user_account')
    .set({ prompts: sql`prompts - ${[...prompts]}::text[]` })
    .where('namespace_id', '=', id)
    .execute()
}

/**
 * Sets a new password: ends every session and every token made from the old one, and every code in a mail or on its way
 * to an application. Gives the new session epoch.
 */
export async function updatePassword(tx: Tx, id: number, passwordHash: string): Promise<string> {
  const rows = await tx
    .updateTable('user_account')
    .set({
      password_hash: passwordHash,
      session_epoch: sql`gen_random_uuid()`,
      credential_epoch: sql`gen_random_uuid()`,
      failed_sign_ins: 0,
      last_failed_sign_in_at: null,
    })
    .where('namespace_id', '=', id)
    .returning('session_epoch')
    .execute()
  await clearFailuresByAddress(tx, id)
  await endMailCodes(tx, id)
  await deleteCodesOf(tx, id)
  return only(rows).session_epoch
}

/** Ends every session, registry token, refresh token and code of the user. */
export async function endLogins(tx: Tx, id: number): Promise<void> {
  await tx
    .updateTable('user_account')
    .set({ credential_epoch: sql`gen_random_uuid()` })
    .where('namespace_id', '=', id)
    .execute()
  await deleteCodesOf(tx, id)
  await endSessions(tx, id)
}

/** Ends every session of the user, and the links that change the address, which a session has asked for. */
export async function endSessions(tx: Tx, id: number): Promise<void> {
  await tx
    .updateTable('user_account')
    .set({ session_epoch: sql`gen_random_uuid()` })
    .where('namespace_id', '=', id)
    .execute()
  await tx.deleteFrom('session').where('user_id', '=', id).execute()
  await endMailCodes(tx, id, 'change_email')
}

/** Counts a wrong password for the name of a user. */
export async function recordFailedSignIn(db: Db, id: number, at: Date): Promise<void> {
  await sql`
    update user_account set last_failed_sign_in_at = ${at}, failed_sign_ins =
      case when last_failed_sign_in_at < ${countingSince(at)} then 1 else failed_sign_ins + 1 end
    where namespace_id = ${id}`.execute(db)
}

/** Forgets the wrong passwords for the name of a user before a right one. */
export async function clearFailedSignIns(db: Db, id: number): Promise<void> {
  await db
    .updateTable('user_account')
    .set({ failed_sign_ins: 0, last_failed_sign_in_at: null })
    .where('namespace_id', '=', id)
    .where('failed_sign_ins', '>', 0)
    .execute()
}

import { sql } from 'kysely'

import type { FederationEntry } from '#domain/robot.ts'
import type { Db, Tx } from './db.ts'

/** Where a robot is found: in its namespace, by its short name. */
export interface RobotKey {
  ownerId: number
  shortName: string
}

/** A robot with everything that its owner may see or change. */
export interface RobotDetails {
  id: number
  /** `owner+short`. */
  name: string
  description: string
  unstructured_metadata: Record<string, unknown>
  sealed_token: Buffer
  federation: FederationEntry[]
  created_at: Date
  last_used_at: Date | null
}

const details = sql`n.id, n.name, r.description, r.unstructured_metadata, r.sealed_token, r.federation,
  r.created_at, r.last_used_at`

/** Finds a robot of a namespace. */
export async function findRobot(db: Db, robot: RobotKey): Promise<RobotDetails | undefined> {
  const { rows } = await sql<RobotDetails>`
    select ${details} from robot r join namespace n on n.id = r.account_id
    where r.owner_id = ${robot.ownerId} and r.short_name = ${robot.shortName}`.execute(db)
  return rows[0]
}

/** Finds a robot and holds it until the transaction ends: its name first, as whoever removes it does. */
export async function lockRobot(tx: Tx, robot: RobotKey): Promise<RobotDetails | undefined> {
  const { rows } = await sql<RobotDetails>`
    select ${details} from namespace n join robot r on r.account_id = n.id
    where r.owner_id = ${robot.ownerId} and r.short_name = ${robot.shortName}
    for no key update of n, r`.execute(tx)
  return rows[0]
}

/**
 * Makes a robot's account: its name, its account, its token. Undefined when the name is taken. The owner must be
 * held, because the name is made of the owner's.
 */
export async function insertRobot(
  tx: Tx,
  robot: RobotKey & {
    description: string
    /** As JSON. */
    metadata: string
    sealedToken: Buffer
    tokenHash: string
    at: Date
  },
): Promise<{ name: string } | undefined> {
  const { rows } = await sql<{ name: string }>`
    with made as (
      insert into namespace (name, kind, tag_expiration_seconds, created_at)
      select o.name || '+' || ${robot.shortName}::text, 'robot', 0, ${robot.at}
      from namespace o where o.id = ${robot.ownerId}
      on conflict (name) do nothing
      returning id, name
    ), account as (
      insert into user_account (namespace_id, is_verified) select id, true from made
    ), robot as (
      insert into robot (account_id, owner_id, short_name, description, unstructured_metadata, sealed_token,
        token_hash, created_at)
      select id, ${robot.ownerId}, ${robot.shortName}, ${robot.description}, ${robot.metadata}::jsonb,
        ${robot.sealedToken}, ${robot.tokenHash}, ${robot.at}
      from made
    )
    select name from made`.execute(tx)
  return rows[0]
}

/** Gives a robot another token. */
export async function changeRobotToken(
  tx: Tx,
  robot: { id: number; sealedToken: Buffer; tokenHash: string },
): Promise<void> {
  await tx
    .updateTable('robot')
    .set({ sealed_token: robot.sealedToken, token_hash: robot.tokenHash })
    .where('account_id', '=', robot.id)
    .execute()
}

/** Ends every token that was made with a robot's credentials until now. */
export async function renewRobotEpoch(tx: Tx, robotId: number): Promise<void> {
  await tx
    .updateTable('user_account')
    .set({ credential_epoch: sql`gen_random_uuid()` })
    .where('namespace_id', '=', robotId)
    .execute()
}

/** Ids of the robots of a namespace. */
export async function listRobotIds(tx: Tx, ownerId: number): Promise<number[]> {
  const rows = await tx
    .selectFrom('robot')
    .select('account_id as id')
    .where('owner_id', '=', ownerId)
    .orderBy('account_id')
    .execute()
  return rows.map(({ id }) => id)
}

/** Gives robots other tokens, and ends whatever else has logged in for them until now: other issuers too. */
export async function shutOutRobots(
  tx: Tx,
  robots: readonly { id: number; sealedToken: Buffer; tokenHash: string }[],
): Promise<void> {
  const ids = robots.map(({ id }) => id)
  await sql`
    update robot r set sealed_token = s.sealed_token, token_hash = s.token_hash, federation = '[]'
    from unnest(${ids}::bigint[], ${robots.map(({ sealedToken }) => sealedToken)}::bytea[],
      ${robots.map(({ tokenHash }) => tokenHash)}::text[]) as s (id, sealed_token, token_hash)
    where r.account_id = s.id`.execute(tx)
  await sql`
    update user_account set credential_epoch = gen_random_uuid()
    where namespace_id = any(${ids}::bigint[])`.execute(tx)
}

/** Sets whose tokens stand for a robot. */
export async function changeRobotFederation(
  tx: Tx,
  robot: { id: number; federation: readonly FederationEntry[] },
): Promise<void> {
  await tx
    .updateTable('robot')
    .set({ federation: JSON.stringify(robot.federation) })
    .where('account_id', '=', robot.id)
    .execute()
}

/**
 * Ends a robot: nothing logs in for it any more, and its name is free. The row of its account stays for a job, because
 * audit entries without number may point at it.
 */
export async function retireRobot(tx: Tx, robot: { id: number; at: Date }): Promise<void> {
  await tx.deleteFrom('robot').where('account_id', '=', robot.id).execute()
  await tx
    .updateTable('namespace')
    // No name of anybody begins like this.
    .set({ name: sql`'+' || uuid::text`, deleted_at: robot.at, enabled: false })
    .where('id', '=', robot.id)
    .execute()
}

/** Renames all robots of a namespace after their owner, whose new name has been written. */
export async function renameRobots(tx: Tx, ownerId: number): Promise<void> {
  await sql`
    update namespace n set name = o.name || '+' || r.short_name
    from robot r join namespace o on o.id = r.owner_id
    where r.owner_id = ${ownerId} and n.id = r.account_id`.execute(tx)
}

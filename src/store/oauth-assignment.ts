import { sql } from 'kysely'

import { only, type Db, type Tx } from './db.ts'

/** Asks a user to make a token; who is asked for the same again has one assignment. Gives its uuid. */
export async function insertAssignment(
  tx: Tx,
  assignment: {
    applicationId: number
    userId: number
    redirectUri: string
    scopes: readonly string[]
    responseType: string
    at: Date
  },
): Promise<string> {
  const { uuid } = await tx
    .insertInto('oauth_assignment')
    .values({
      application_id: assignment.applicationId,
      user_id: assignment.userId,
      redirect_uri: assignment.redirectUri,
      scopes: assignment.scopes.join(' '),
      response_type: assignment.responseType,
      created_at: assignment.at,
    })
    .onConflict((conflict) =>
      conflict
        .expression(sql`application_id, user_id, md5(redirect_uri), scopes`)
        .doUpdateSet({ response_type: assignment.responseType, created_at: assignment.at }),
    )
    .returning('uuid')
    .executeTakeFirstOrThrow()
  return uuid
}

/** Number of tokens that an application has asked a user for. */
export async function countAssignments(
  db: Db,
  wanted: { applicationId: number; userId: number },
): Promise<number> {
  const rows = await db
    .selectFrom('oauth_assignment')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('application_id', '=', wanted.applicationId)
    .where('user_id', '=', wanted.userId)
    .execute()
  return only(rows).count
}

/** Finds what a user was asked for by an application. */
export function findAssignment(
  db: Db,
  wanted: { uuid: string; userId: number; applicationId: number },
) {
  return db
    .selectFrom('oauth_assignment')
    .select(['redirect_uri', 'scopes', 'response_type'])
    .where('uuid', '=', wanted.uuid)
    .where('user_id', '=', wanted.userId)
    .where('application_id', '=', wanted.applicationId)
    .executeTakeFirst()
}

const selectAssignments = (db: Db, wanted: { userId: number; limit: number }) =>
  db
    .selectFrom('oauth_assignment as s')
    .innerJoin('oauth_application as a', 'a.id', 's.application_id')
    .innerJoin('namespace as n', 'n.id', 'a.namespace_id')
    .select([
      's.uuid',
      's.redirect_uri',
      's.scopes',
      's.response_type',
      'a.client_id',
      'a.name',
      'a.description',
      'a.application_uri',
      'a.avatar_email',
      'n.name as namespace',
      sql<boolean>`n.kind = 'organization'`.as('is_organization'),
    ])
    .where('s.user_id', '=', wanted.userId)
    .where('n.deleted_at', 'is', null)
    .orderBy('s.created_at', 'desc')
    .orderBy('s.id', 'desc')
    .limit(wanted.limit)
    .execute()

/** A token that a user was asked to make, with the application that it is for. */
export type Assignment = Awaited<ReturnType<typeof selectAssignments>>[number]

/** What a user was asked for, newest first. */
export function listAssignments(
  db: Db,
  wanted: { userId: number; limit: number },
): Promise<Assignment[]> {
  return selectAssignments(db, wanted)
}

/** Ends an assignment; false when there is none. Of several at once, one ends it. */
export async function deleteAssignment(
  db: Db,
  assignment: { uuid: string; userId: number },
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('oauth_assignment')
    .where('uuid', '=', assignment.uuid)
    .where('user_id', '=', assignment.userId)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

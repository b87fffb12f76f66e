import type { Db, Tx } from './db.ts'

/** What an administrator of an application decides. */
export interface ApplicationFields {
  name: string
  description: string
  applicationUri: string
  redirectUri: string
  avatarEmail: string | null
}

const columns = [
  'a.id',
  'a.client_id',
  'a.name',
  'a.description',
  'a.application_uri',
  'a.redirect_uri',
  'a.avatar_email',
  'a.sealed_client_secret',
] as const

const applications = (db: Db) => db.selectFrom('oauth_application as a').select(columns)
const selectApplications = (db: Db) => applications(db).execute()

/** An application; its client secret is sealed, and null for one that has none yet. */
export type Application = Awaited<ReturnType<typeof selectApplications>>[number]

/** Applications of a namespace, oldest first. */
export function listApplications(
  db: Db,
  wanted: { namespaceId: number; limit: number },
): Promise<Application[]> {
  return applications(db)
    .where('a.namespace_id', '=', wanted.namespaceId)
    .orderBy('a.id')
    .limit(wanted.limit)
    .execute()
}

export function findApplication(
  db: Db,
  wanted: { namespaceId: number; clientId: string },
): Promise<Application | undefined> {
  return applications(db)
    .where('a.namespace_id', '=', wanted.namespaceId)
    .where('a.client_id', '=', wanted.clientId)
    .executeTakeFirst()
}

/** Finds an application and holds it until the transaction ends: nobody else changes it or counts its tokens. */
export function lockApplication(
  tx: Tx,
  wanted: { namespaceId: number; clientId: string },
): Promise<Application | undefined> {
  return applications(tx)
    .where('a.namespace_id', '=', wanted.namespaceId)
    .where('a.client_id', '=', wanted.clientId)
    .forNoKeyUpdate()
    .executeTakeFirst()
}

function owned(db: Db) {
  return applications(db)
    .innerJoin('namespace as n', 'n.id', 'a.namespace_id')
    .select(['n.id as namespace_id', 'n.name as namespace', 'n.kind as namespace_kind'])
    .where('n.deleted_at', 'is', null)
    .where('n.enabled', '=', true)
}
const selectOwned = (db: Db) => owned(db).execute()

/** An application with the namespace that it belongs to. */
export type OwnedApplication = Awaited<ReturnType<typeof selectOwned>>[number]

/** Finds an application of any namespace that is in use. */
export function findOwnedApplication(
  db: Db,
  clientId: string,
): Promise<OwnedApplication | undefined> {
  return owned(db).where('a.client_id', '=', clientId).executeTakeFirst()
}

function columnsOf(fields: ApplicationFields) {
  return {
    name: fields.name,
    description: fields.description,
    application_uri: fields.applicationUri,
    redirect_uri: fields.redirectUri,
    avatar_email: fields.avatarEmail,
  }
}

/** Makes an application of an organization; `insertApplication` of `oauth.ts` makes one that nobody administers. */
export async function insertOwnedApplication(
  tx: Tx,
  application: ApplicationFields & {
    namespaceId: number
    clientId: string
    sealedSecret: Buffer
    at: Date
  },
): Promise<void> {
  await tx
    .insertInto('oauth_application')
    .values({
      ...columnsOf(application),
      namespace_id: application.namespaceId,
      client_id: application.clientId,
      sealed_client_secret: application.sealedSecret,
      created_at: application.at,
    })
    .execute()
}

/** Replaces what administrators decide. */
export async function updateApplication(
  tx: Tx,
  id: number,
  fields: ApplicationFields,
): Promise<void> {
  await tx.updateTable('oauth_application').set(columnsOf(fields)).where('id', '=', id).execute()
}

export async function updateClientSecret(tx: Tx, id: number, sealedSecret: Buffer): Promise<void> {
  await tx
    .updateTable('oauth_application')
    .set({ sealed_client_secret: sealedSecret })
    .where('id', '=', id)
    .execute()
}

/** Deletes an application with its tokens, codes and assignments. */
export async function deleteApplication(tx: Tx, id: number): Promise<void> {
  await tx.deleteFrom('oauth_application').where('id', '=', id).execute()
}

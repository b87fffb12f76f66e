import { randomToken, type Sealer } from '#credentials/secrets.ts'
import { RegistryError } from '#domain/errors.ts'
import { parseRedirectUri } from '#domain/redirect-uri.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import {
  deleteApplication,
  findApplication,
  insertOwnedApplication,
  listApplications,
  updateApplication,
  updateClientSecret,
  type Application,
  type ApplicationFields,
} from '#store/application.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import { holdNamespace } from '#store/namespace.ts'
import type { Deps } from '#deps.ts'
import { holdApplication, missingApplication } from './hold-application.ts'

const clientIdLength = 20
const clientSecretLength = 40
/** Quay keeps it for the application that rotates its own token. */
const reservedName = '__quay_bootstrap_app'
const maxListed = 1_000

/** An application as the API shows it. */
export interface ApplicationView {
  name: string
  description: string
  application_uri: string
  client_id: string
  client_secret: string | null
  redirect_uri: string | null
  avatar_email: string | null
}

/** Who changes which application. */
export interface ApplicationChange {
  namespace: NamespaceTarget
  clientId: string
  actor: KnownActor
}

/** Fields of an application as they were sent. */
export interface SentFields {
  name: string
  redirectUri: string
  applicationUri: string
  description: string
  avatarEmail: string | null
}

/** Applications of an organization, oldest first; at most 1,000. */
export async function showApplications(
  { db, sealer }: Deps,
  namespace: NamespaceTarget,
): Promise<ApplicationView[]> {
  const found = await listApplications(db, { namespaceId: namespace.id, limit: maxListed })
  return found.map((application) => show(sealer, application, namespace))
}

/** An application of an organization. Throws `not_found`. */
export async function showApplication(
  { db, sealer }: Deps,
  { namespace, clientId }: Omit<ApplicationChange, 'actor'>,
): Promise<ApplicationView> {
  const found = await findApplication(db, { namespaceId: namespace.id, clientId })
  return show(sealer, found ?? missingApplication(clientId), namespace)
}

/** Makes an application, with the audit row `create_application`. Throws `invalid_request` for a field that breaks a rule. */
export async function makeApplication(
  { db, clock, sealer }: Deps,
  { namespace, sent, actor }: Omit<ApplicationChange, 'clientId'> & { sent: SentFields },
): Promise<ApplicationView> {
  const fields = checkFields(sent)
  const clientId = randomToken(clientIdLength)
  const at = clock.now()
  return transact(db, async (tx) => {
    if (!(await holdNamespace(tx, namespace.id)))
      throw new RegistryError('not_found', `no organization ${namespace.name}`)
    const sealedSecret = sealer.seal(randomToken(clientSecretLength))
    await insertOwnedApplication(tx, {
      ...fields,
      namespaceId: namespace.id,
      clientId,
      sealedSecret,
      at,
    })
    await log(tx, { kind: 'create_application', namespace, actor, at, clientId, fields, sent })
    const found = await findApplication(tx, { namespaceId: namespace.id, clientId })
    return show(sealer, found!, namespace)
  })
}

/** Replaces the fields of an application, with the audit row `update_application`. Throws `not_found` or `invalid_request`. */
export async function changeApplication(
  { db, clock, sealer }: Deps,
  { namespace, clientId, sent, actor }: ApplicationChange & { sent: SentFields },
): Promise<ApplicationView> {
  const fields = checkFields(sent)
  const at = clock.now()
  return transact(db, async (tx) => {
    const { id } = await holdApplication(tx, { namespaceId: namespace.id, clientId })
    await updateApplication(tx, id, fields)
    await log(tx, { kind: 'update_application', namespace, actor, at, clientId, fields, sent })
    const changed = await findApplication(tx, { namespaceId: namespace.id, clientId })
    return show(sealer, changed!, namespace)
  })
}

/** Deletes an application and its tokens, with the audit row `delete_application`. Throws `not_found`. */
export async function removeApplication(
  { db, clock }: Deps,
  { namespace, clientId, actor }: ApplicationChange,
): Promise<void> {
  const at = clock.now()
  await transact(db, async (tx) => {
    const fields = await holdApplication(tx, { namespaceId: namespace.id, clientId })
    await deleteApplication(tx, fields.id)
    await log(tx, { kind: 'delete_application', namespace, actor, at, clientId, fields })
  })
}

/** Replaces the client secret, with the audit row `reset_application_client_secret`. Throws `not_found`. */
export async function resetClientSecret(
  { db, clock, sealer }: Deps,
  { namespace, clientId, actor }: ApplicationChange,
): Promise<ApplicationView> {
  const at = clock.now()
  return transact(db, async (tx) => {
    const application = await holdApplication(tx, { namespaceId: namespace.id, clientId })
    const sealed = sealer.seal(randomToken(clientSecretLength))
    await updateClientSecret(tx, application.id, sealed)
    const kind = 'reset_application_client_secret'
    await log(tx, { kind, namespace, actor, at, clientId, fields: application })
    return show(sealer, { ...application, sealed_client_secret: sealed }, namespace)
  })
}

function checkFields(sent: SentFields): ApplicationFields {
  const name = sent.name.trim()
  if (name === '')
    throw new RegistryError('invalid_request', 'the name of an application must not be empty')
  if (name === reservedName)
    throw new RegistryError('invalid_request', `the name ${reservedName} is reserved`)
  return {
    name,
    description: sent.description,
    applicationUri: sent.applicationUri,
    redirectUri: parseRedirectUri(sent.redirectUri),
    avatarEmail: sent.avatarEmail,
  }
}

/** Only administrators see what the application proves itself with, and where it is reached. */
function show(sealer: Sealer, row: Application, { role }: NamespaceTarget): ApplicationView {
  const isAdmin = role === 'admin'
  const sealed = row.sealed_client_secret
  return {
    name: row.name,
    description: row.description,
    application_uri: row.application_uri,
    client_id: row.client_id,
    client_secret: isAdmin && sealed !== null ? sealer.unseal(sealed) : null,
    redirect_uri: isAdmin ? row.redirect_uri : null,
    avatar_email: isAdmin ? row.avatar_email : null,
  }
}

async function log(
  tx: Tx,
  entry: ApplicationChange & {
    kind: LogKind
    fields: { name: string }
    sent?: SentFields
    at: Date
  },
): Promise<void> {
  const { sent, fields, clientId } = entry
  await writeLog(tx, {
    kind: entry.kind,
    actor: entry.actor,
    namespaceId: entry.namespace.id,
    metadata: {
      ...(sent && {
        name: sent.name,
        redirect_uri: sent.redirectUri,
        application_uri: sent.applicationUri,
        description: sent.description,
        avatar_email: sent.avatarEmail,
      }),
      application_name: fields.name,
      client_id: clientId,
    },
    at: entry.at,
  })
}

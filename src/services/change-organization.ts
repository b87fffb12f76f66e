import { RegistryError } from '#domain/errors.ts'
import { parseEmail } from '#domain/name.ts'
import type { UserActor } from '#domain/principal.ts'
import type { NamespaceTarget } from '#domain/target.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog, type LogKind } from '#store/log.ts'
import { lockNamespace } from '#store/namespace.ts'
import {
  findOrganization,
  updateOrganization,
  type OrganizationSettings,
} from '#store/organization.ts'
import { updateNamespace } from '#store/user.ts'
import type { Deps } from '#deps.ts'
import { claimEmail } from './claim-email.ts'
import { demandOfferedSpan } from './tag-expiration.ts'

/** What administrators want changed; absent fields stay. */
export interface OrganizationChanges extends Partial<OrganizationSettings> {
  tagExpirationSeconds?: number
}

type Log = (kind: LogKind, metadata: Record<string, unknown>) => Promise<void>

/**
 * Changes the settings of an organization: all of it or nothing, with an audit row for each part. Throws
 * `invalid_request` for a value that breaks a rule or is taken, `not_found` when the organization is gone. Gives the
 * seconds that tags now stay restorable.
 */
export async function changeOrganization(
  deps: Deps,
  {
    organization,
    changes,
    actor,
  }: { organization: NamespaceTarget; changes: OrganizationChanges; actor: UserActor },
): Promise<number> {
  const { id, name } = organization
  return transact(deps.db, async (tx) => {
    const before = (await lockNamespace(tx, id)) ? await findOrganization(tx, id) : undefined
    if (!before) throw new RegistryError('not_found', `no organization ${name}`)
    const log: Log = (kind, metadata) =>
      writeLog(tx, {
        kind,
        actor,
        namespaceId: id,
        metadata: { ...metadata, namespace: name },
        at: deps.clock.now(),
      })
    await changeInvoicing(tx, id, before, changes, log)
    await changeEmail(tx, deps, id, before, changes, log)
    const seconds = await changeTagExpiration(tx, deps, id, changes, log)
    return seconds ?? organization.tagExpirationSeconds
  })
}

async function changeInvoicing(
  tx: Tx,
  id: number,
  before: OrganizationSettings,
  { invoice_email, invoice_email_address }: OrganizationChanges,
  log: Log,
): Promise<void> {
  if (invoice_email !== undefined) {
    await updateOrganization(tx, id, { invoice_email })
    await log('org_change_invoicing', { invoice_email })
  }
  if (invoice_email_address === undefined) return
  if (invoice_email_address === before.invoice_email_address) return
  await updateOrganization(tx, id, { invoice_email_address })
  await log('org_change_invoicing', { invoice_email_address })
}

async function changeEmail(
  tx: Tx,
  { config }: Deps,
  id: number,
  before: OrganizationSettings,
  { email }: OrganizationChanges,
  log: Log,
): Promise<void> {
  if (email === undefined || email === before.email) return
  if (email !== null)
    await claimEmail(tx, config, { email: parseEmail(email), kind: 'organization', id })
  await updateOrganization(tx, id, { email })
  await log('org_change_email', { email, old_email: before.email })
}

async function changeTagExpiration(
  tx: Tx,
  { config }: Deps,
  id: number,
  { tagExpirationSeconds: seconds }: OrganizationChanges,
  log: Log,
): Promise<number | undefined> {
  if (seconds === undefined || !config.FEATURE_CHANGE_TAG_EXPIRATION) return undefined
  demandOfferedSpan(seconds, config)
  await updateNamespace(tx, id, { tag_expiration_seconds: seconds })
  await log('org_change_tag_expiration', { tag_expiration: seconds })
  return seconds
}

import { RegistryError } from '#domain/errors.ts'
import { parseEmail, parseNamespaceName } from '#domain/name.ts'
import type { KnownActor, UserActor } from '#domain/principal.ts'
import { transact, type Tx } from '#store/db.ts'
import { writeLog } from '#store/log.ts'
import { holdUser } from '#store/namespace.ts'
import { insertOrganization } from '#store/organization.ts'
import type { Deps } from '#deps.ts'
import { claimEmail } from './claim-email.ts'

/**
 * Makes an organization that the caller administers. The audit row (`org_create`) is written in the same transaction.
 * Throws `invalid_request` for a bad or taken name or e-mail address.
 */
export async function createOrganization(
  deps: Deps,
  wanted: { name: string; email: string | null; actor: UserActor },
): Promise<void> {
  const name = parseNamespaceName(wanted.name, 'organization name')
  const email = wanted.email === null ? null : parseEmail(wanted.email)
  const { actor } = wanted
  await transact(deps.db, async (tx) => {
    if (email !== null) await claimEmail(tx, deps.config, { email, kind: 'organization' })
    if ((await addOrganization(tx, deps, { name, email, actor })) === undefined)
      throw new RegistryError('invalid_request', 'A user or organization with this name exists')
  })
}

/** Adds the rows of an organization, audit row included. Gives its id, or undefined when the name is taken. Throws `invalid_token`. */
export async function addOrganization(
  tx: Tx,
  { clock, config }: Pick<Deps, 'clock' | 'config'>,
  { name, email, actor }: { name: string; email: string | null; actor: KnownActor },
): Promise<number | undefined> {
  // Else the organization of a user who is just being deleted or converted would have no administrator.
  if (!(await holdUser(tx, actor.id)))
    throw new RegistryError('invalid_token', 'the account was deleted a moment ago')
  const at = clock.now()
  const id = await insertOrganization(tx, {
    name,
    email,
    ownerId: actor.id,
    tagExpirationSeconds: config.DEFAULT_TAG_EXPIRATION,
    at,
  })
  if (id === undefined) return undefined
  const metadata = { email, namespace: name }
  await writeLog(tx, { kind: 'org_create', actor, namespaceId: id, metadata, at })
  return id
}

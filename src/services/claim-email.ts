import { RegistryError } from '#domain/errors.ts'
import type { Tx } from '#store/db.ts'
import { findEmailHolder, lockEmail } from '#store/email.ts'
import type { Config } from '#config.ts'

/**
 * Takes an e-mail address for a user or an organization until the transaction ends, which writes it down. Users and
 * organizations share one set; with FEATURE_ORG_SHARED_EMAIL organizations use what they like, and only users are
 * kept apart. `id` is the namespace that takes it, where there is one yet. Throws `invalid_request` when it is used.
 */
export async function claimEmail(
  tx: Tx,
  { FEATURE_ORG_SHARED_EMAIL: shared }: Pick<Config, 'FEATURE_ORG_SHARED_EMAIL'>,
  { email, kind, id }: { email: string; kind: 'user' | 'organization'; id?: number },
): Promise<void> {
  if (shared && kind === 'organization') return
  await lockEmail(tx, email)
  const { byUser, byOrganization } = await findEmailHolder(tx, { email, exceptId: id ?? null })
  if (byUser || (byOrganization && !shared))
    throw new RegistryError('invalid_request', 'The email address is already used')
}

import { RegistryError } from '#domain/errors.ts'
import type { Tx } from '#store/db.ts'
import { findEmailHolder, lockEmail } from '#store/email.ts'
import type { Config } from '#config.ts'

/**
 * Takes an e-mail address for a user or an organization until the transaction ends, which writes it down. Users and
 * organizations share one set; with FEATURE_ORG_SHARED_EMAIL organizations use what they like, and only users are
 * kept apart. So it is with FEATURE_MAILING: else the refusal would tell anybody with an organization who has an
 * address, and who has not proven one would keep its owner from it. `id` is the namespace that takes it, where there is
 * one yet. Throws `invalid_request` when it is used.
 */
export async function claimEmail(
  tx: Tx,
  config: Pick<Config, 'FEATURE_MAILING' | 'FEATURE_ORG_SHARED_EMAIL'>,
  { email, kind, id }: { email: string; kind: 'user' | 'organization'; id?: number },
): Promise<void> {
  const shared = config.FEATURE_ORG_SHARED_EMAIL || config.FEATURE_MAILING
  if (shared && kind === 'organization') return
  await lockEmail(tx, email)
  const { byUser, byOrganization } = await findEmailHolder(tx, { email, exceptId: id ?? null })
  if (byUser || (byOrganization && !shared))
    throw new RegistryError('invalid_request', 'The email address is already used')
}

import { transact } from '#store/db.ts'
import { findEmailOwner } from '#store/email.ts'
import { addJob, type JobPayloads } from '#store/job.ts'
import { listOrganizationsByEmail } from '#store/organization.ts'
import { findUserByLogin } from '#store/user.ts'
import { parseEmail } from '#domain/name.ts'
import type { Deps } from '#deps.ts'
import { queueMail } from './queue-mail.ts'
import { sendRecovery } from './mail-code.ts'

/** What somebody is told who has forgotten a password. */
export type RecoveryAnswer =
  | { status: 'sent' }
  /** The address is an organization's alone; the name is partly hidden. */
  | { status: 'org'; orgemail: string; orgname: string }

/**
 * Takes down that somebody has forgotten a password. Mails follow from a job, which is added for every address alike:
 * neither the answer nor the time that it takes tells whether a user has the address. Throws `invalid_request` for text
 * that is no address.
 */
export async function requestRecovery(
  { db, sealer }: Deps,
  { email }: { email: string },
): Promise<RecoveryAnswer> {
  parseEmail(email)
  const sealed = sealer.seal(email).toString('base64')
  const owner = await transact(db, async (tx) => {
    await addJob(tx, 'recover-account', { sealed })
    return findEmailOwner(tx, email)
  })
  return owner?.isOrganization
    ? { status: 'org', orgemail: email, orgname: hideMost(owner.name) }
    : { status: 'sent' }
}

/** Mails what somebody needs who has forgotten a password: a user a link, an organization who administers it. */
export async function recoverAccount(
  deps: Deps,
  { sealed }: JobPayloads['recover-account'],
): Promise<void> {
  const to = deps.sealer.unseal(Buffer.from(sealed, 'base64'))
  await transact(deps.db, async (tx) => {
    const user = await findUserByLogin(tx, to)
    if (user?.enabled) await sendRecovery(deps, tx, user)
    const organizations = await listOrganizationsByEmail(tx, { email: to, limit: 20 })
    if (organizations.length > 0)
      await queueMail(deps, tx, { kind: 'recover-organization', organizations, to })
  })
}

/** The first third of a name, and a bullet for each character of the rest. */
function hideMost(name: string): string {
  const shown = Math.max(1, Math.floor(name.length / 3))
  return name.slice(0, shown) + '•'.repeat(name.length - shown)
}

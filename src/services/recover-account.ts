import { hashToken } from '#credentials/secrets.ts'
import { transact } from '#store/db.ts'
import { addJob, type JobPayloads } from '#store/job.ts'
import { listOrganizationsByEmail } from '#store/organization.ts'
import { findUserByLogin } from '#store/user.ts'
import { isEmail } from '#domain/name.ts'
import type { Deps } from '#deps.ts'
import { queueMail } from './queue-mail.ts'
import { sendRecovery } from './mail-code.ts'

/**
 * Takes down that somebody has forgotten a password. Mails follow from a job, which is added for every address alike:
 * neither the answer nor the time that it takes tells who has the address. One job an address waits at most. Text that is
 * no address is nobody's, and taken without one.
 */
export async function requestRecovery(
  { db, sealer }: Deps,
  { email }: { email: string },
): Promise<void> {
  if (!isEmail(email)) return
  const sealed = sealer.seal(email).toString('base64')
  const key = `recover ${hashToken(email.toLowerCase())}`
  await addJob(db, 'recover-account', { sealed }, { key })
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

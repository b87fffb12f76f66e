import { hashToken, randomToken } from '#credentials/secrets.ts'
import { parseEmail } from '#domain/name.ts'
import type { KnownActor } from '#domain/principal.ts'
import type { RepositoryTarget } from '#domain/target.ts'
import { transact } from '#store/db.ts'
import {
  confirmRepositoryEmail,
  findRepositoryEmail,
  findRepositoryEmailByCode,
  saveRepositoryEmail,
  type RepositoryEmail,
} from '#store/repository-email.ts'
import type { Deps } from '#deps.ts'
import { queueMail } from './queue-mail.ts'

const codeLength = 40
const codeLifeMs = 7 * 86_400_000

/**
 * Asks the owner of an address, by mail, whether notifications of a repository may be sent there; who has agreed is
 * not asked again. Throws `invalid_request` for text that is no address.
 */
export async function askForEmail(
  deps: Deps,
  asked: { repository: RepositoryTarget; email: string; actor: KnownActor },
): Promise<RepositoryEmail> {
  const { repository, actor } = asked
  const email = parseEmail(asked.email)
  return transact(deps.db, async (tx) => {
    const existing = await findRepositoryEmail(tx, { repositoryId: repository.id, email })
    if (existing?.isConfirmed) return existing
    const code = randomToken(codeLength)
    const isSent = await queueMail(deps, tx, {
      kind: 'authorize-repository',
      requester: actor.username,
      repository: repository.fullName,
      code,
      to: email,
    })
    // A link that went before stays good while the address gets no more mails.
    if (isSent || !existing)
      await saveRepositoryEmail(tx, {
        repositoryId: repository.id,
        email,
        codeHash: hashToken(code),
        at: deps.clock.now(),
      })
    return existing ?? { email, isConfirmed: false }
  })
}

/** Takes the code of a mail that asks for it. False when the code is no good any more. It may be presented again. */
export async function agreeToEmail({ db, clock }: Deps, code: string): Promise<boolean> {
  const at = clock.now()
  return confirmRepositoryEmail(db, { ...sentCode(code, at), at })
}

/** What the code of such a mail is for; it is left as it is. Undefined when it is no good any more. */
export function lookAtEmail(
  { db, clock }: Deps,
  code: string,
): Promise<{ email: string; repository: string } | undefined> {
  return findRepositoryEmailByCode(db, sentCode(code, clock.now()))
}

function sentCode(code: string, at: Date) {
  return { codeHash: hashToken(code), sentAfter: new Date(at.getTime() - codeLifeMs) }
}

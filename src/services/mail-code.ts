import { hashToken, randomToken } from '#credentials/secrets.ts'
import type { Mail, MailContent } from '#domain/mail.ts'
import type { Tx } from '#store/db.ts'
import { endMailCodes, insertMailCode, type MailCodePurpose } from '#store/mail-code.ts'
import type { EmailHolder } from '#store/email.ts'
import type { Deps } from '#deps.ts'
import { queueMail } from './queue-mail.ts'

type CodeDeps = Pick<Deps, 'config' | 'sealer' | 'clock'>

/** Whose account it is, and the address that the mail goes to. */
export interface Addressee {
  id: number
  username: string
  email: string | null
}

const codeLength = 40
const confirmationSeconds = 7 * 86_400
const changeSeconds = 86_400

/** Mails a link that proves the address of an account and signs its user in. Without an address it does nothing. */
export async function sendConfirmation(
  deps: CodeDeps,
  tx: Tx,
  user: Addressee,
  holder?: EmailHolder,
): Promise<void> {
  const { username } = user
  await sendCode(deps, tx, {
    user,
    purpose: 'confirm',
    lifeSeconds: confirmationSeconds,
    write: (code) => ({ kind: 'confirm-address', username, code }),
    holder,
  })
}

/** Mails to a new address a link that has the account move there, once its user opens it with a session. */
export async function sendChangeConfirmation(
  deps: CodeDeps,
  tx: Tx,
  user: Addressee,
  holder?: EmailHolder,
): Promise<void> {
  const { username } = user
  await sendCode(deps, tx, {
    user,
    purpose: 'change_email',
    lifeSeconds: changeSeconds,
    write: (code) => ({ kind: 'confirm-new-address', username, code }),
    holder,
  })
}

/** Mails a link that signs somebody in who has forgotten the password. Without an address it does nothing. */
export async function sendRecovery(deps: CodeDeps, tx: Tx, user: Addressee): Promise<void> {
  const { username } = user
  await sendCode(deps, tx, {
    user,
    purpose: 'recover',
    lifeSeconds: deps.config.USER_RECOVERY_TOKEN_LIFETIME,
    write: (code) => ({ kind: 'recover-account', username, code }),
  })
}

interface WantedCode {
  user: Addressee
  purpose: MailCodePurpose
  lifeSeconds: number
  write: (code: string) => MailContent
  /** Whose address it is already: told so in place of being sent the code, which nobody learns. */
  holder?: EmailHolder | undefined
}

/**
 * Sends a code, which ends those of its purpose that went before; they stay while the address gets no more mails.
 * Whether somebody has the address makes no difference to what is done, and so none to the time that it takes.
 */
async function sendCode(deps: CodeDeps, tx: Tx, wanted: WantedCode): Promise<void> {
  const { user, purpose, holder } = wanted
  if (user.email === null) return
  const code = randomToken(codeLength)
  const at = deps.clock.now()
  const expiresAt = new Date(at.getTime() + wanted.lifeSeconds * 1000)
  const content: MailContent = holder ? { kind: 'address-in-use', ...holder } : wanted.write(code)
  const mail: Mail = { ...content, to: user.email }
  if (!(await queueMail(deps, tx, mail, { validUntil: expiresAt }))) return
  await endMailCodes(tx, user.id, purpose)
  await insertMailCode(tx, {
    userId: user.id,
    purpose,
    email: user.email,
    codeHash: hashToken(code),
    at,
    expiresAt,
  })
}

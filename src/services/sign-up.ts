import { hashToken } from '#credentials/secrets.ts'
import { RegistryError } from '#domain/errors.ts'
import { isInDomain } from '#domain/name.ts'
import { isPrivilegedName } from '#domain/principal.ts'
import type { Tx } from '#store/db.ts'
import { findEmailOwner, lockEmail, type EmailHolder } from '#store/email.ts'
import { findInvitedEmail } from '#store/team-invite.ts'
import type { User } from '#store/user.ts'
import type { Config } from '#config.ts'
import type { Deps } from '#deps.ts'
import { createUser, type Account } from './create-user.ts'
import { sendConfirmation } from './mail-code.ts'

/** An account that somebody asks for. */
export interface WantedAccount extends Pick<Account, 'username' | 'email' | 'password' | 'actor'> {
  /** Code of an invitation to a team. */
  inviteCode?: string | undefined
}

/**
 * Makes an account for whoever asks for one. With FEATURE_MAILING it waits (`is_verified` is false) until the link in
 * a mail was followed, unless an invitation has been to that address. That somebody has the address already is told in
 * a mail to it and nowhere else: the account is made without it, and nobody can sign in to it. What nobody confirms in
 * a week is removed. Throws what `createUser`
 * throws, and `invalid_request` for an address that the configuration refuses.
 */
export async function signUp(deps: Deps, wanted: WantedAccount): Promise<User> {
  const { config } = deps
  const { username, email, password, actor } = wanted
  demandPlainName(username, config)
  demandAllowedDomain(email, config)
  const isInvited = await isInvitedAs(deps, wanted)
  if (config.FEATURE_INVITE_ONLY_USER_CREATION && !isInvited)
    throw new RegistryError(
      'invalid_request',
      'Only those who were invited to a team can sign up: use the link of the invitation, and the address that it went to',
    )
  const prompts = config.FEATURE_USER_METADATA ? (['enter_name', 'enter_company'] as const) : []
  const account: Account = { username, email, password, actor, prompts, isSelfMade: true }
  if (!config.FEATURE_MAILING || isInvited) return createUser(deps, account)
  let holder: EmailHolder | undefined
  return createUser(deps, {
    ...account,
    isVerified: false,
    async claim(tx, address) {
      holder = await findHolder(tx, address)
      return holder ? null : address
    },
    after: (tx, user) => sendConfirmation(deps, tx, { ...user, email }, holder),
  })
}

/** The user who has an address that a user is to get, where mail is sent. Takes its lock. */
export async function findHolder(tx: Tx, email: string): Promise<EmailHolder | undefined> {
  await lockEmail(tx, email)
  return findEmailOwner(tx, email)
}

/** Throws `invalid_request` for a name that the configuration gives special rights. */
export function demandPlainName(username: string, config: Config): void {
  if (isPrivilegedName(username, config))
    throw new RegistryError(
      'invalid_request',
      `The username ${username} is reserved: who runs this registry makes that account`,
    )
}

function demandAllowedDomain(email: string | null, config: Config): void {
  if (email === null || !config.FEATURE_BLACKLISTED_EMAILS) return
  if (config.BLACKLISTED_EMAIL_DOMAINS.some((domain) => isInDomain(email, domain)))
    throw new RegistryError(
      'invalid_request',
      'E-mail addresses of this domain cannot be used here: use another one',
    )
}

/** True when the code is of an invitation that went to this very address. */
async function isInvitedAs(
  { db }: Deps,
  { email, inviteCode }: Pick<WantedAccount, 'email' | 'inviteCode'>,
): Promise<boolean> {
  if (inviteCode === undefined || email === null) return false
  return (await findInvitedEmail(db, hashToken(inviteCode))) === email
}

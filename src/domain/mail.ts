/** What a mail tells its reader, by kind. Codes are one-time codes as `randomToken` makes them. */
export type MailContent =
  /** Whoever signed up proves that the address is theirs. */
  | { kind: 'confirm-address'; username: string; code: string }
  /** The same for an address that an account is to move to. */
  | { kind: 'confirm-new-address'; username: string; code: string }
  /** To the former address of an account. */
  | { kind: 'address-changed'; username: string; newAddress: string }
  /** To somebody whose address another account was to have. */
  | { kind: 'address-in-use'; name: string }
  | { kind: 'password-changed'; username: string }
  | { kind: 'recover-account'; username: string; code: string }
  /** To the address of organizations, which nobody signs in as. */
  | {
      kind: 'recover-organization'
      organizations: readonly { name: string; admins: readonly string[] }[]
    }
  | { kind: 'invite-to-team'; inviter: string; organization: string; team: string; code: string }
  /** To an address that is to get notifications of a repository. */
  | { kind: 'authorize-repository'; requester: string; repository: string; code: string }

/** A mail to one address. */
export type Mail = MailContent & { to: string }
export type MailKind = Mail['kind']

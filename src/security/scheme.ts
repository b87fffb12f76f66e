import type { Principal } from '#domain/principal.ts'
import type { LastUse } from '#domain/last-use.ts'
import type { IssuerKeys } from '#credentials/issuer-keys.ts'
import type { SigningKeys } from '#credentials/signing-keys.ts'
import type { VerifyRegistryToken } from '#credentials/registry-tokens.ts'
import type { Db } from '#store/db.ts'
import type { Config } from '#config.ts'
import type { Clock } from '#domain/clock.ts'

/** What is looked at to learn who is asking. */
export interface CredentialSource {
  authorization: string | undefined
  /** The `X-CSRF-Token` header. */
  csrfHeader: string | undefined
  /** The browser session, when a cookie names a live one. */
  session: { userId: number; epoch: string; signedInAt: Date } | undefined
  /** The CSRF token of the session; signed in or not. */
  csrfToken: string | undefined
  /** Host and port under which the caller reaches the registry; the audience of its tokens. */
  host: string
  /** Scheme and `host`. */
  baseUrl: string
  address: string
}

/** What schemes and gate work with. */
export interface SecurityDeps {
  db: Db
  config: Config
  clock: Clock
  keys: SigningKeys
  verifyToken: VerifyRegistryToken
  issuerKeys: IssuerKeys
  lastUse: LastUse
}

/**
 * A security scheme of the documents: authenticates and nothing else. Undefined: its credential was not
 * presented. It throws when the credential is bad.
 */
export type Scheme = (
  source: CredentialSource,
  deps: SecurityDeps,
) => Promise<Principal | true | undefined>

/** Splits `Authorization: Scheme value`; the scheme in lower case. */
export function readAuthorization(
  header: string | undefined,
): { scheme: string; value: string } | undefined {
  if (header === undefined) return undefined
  const space = header.indexOf(' ')
  return space < 0
    ? { scheme: header.toLowerCase(), value: '' }
    : { scheme: header.slice(0, space).toLowerCase(), value: header.slice(space + 1).trim() }
}

import type { TokenAction } from './permission.ts'

/** OAuth scopes of the management API, as Quay names them. */
export const oauthScopes = [
  'repo:read',
  'repo:write',
  'repo:admin',
  'repo:create',
  'user:read',
  'user:admin',
  'org:admin',
  'super:user',
] as const
export type OAuthScope = (typeof oauthScopes)[number]

/** What a registry token says about one repository. `name` is the name as the client asked for it. */
export interface AccessEntry {
  type: string
  name: string
  actions: TokenAction[]
}

/** How the caller proved who they are. */
export type Credential =
  | { kind: 'none' }
  | { kind: 'session'; signedInAt: Date }
  | { kind: 'password' }
  | { kind: 'refresh_token' }
  | {
      kind: 'oauth_token'
      tokenId: number
      application: string
      applicationId: string
      scopes: OAuthScope[]
    }
  /** A `/v2` bearer token: it can only narrow what its subject may do. */
  | { kind: 'registry_token'; access: AccessEntry[] }

/** Nobody in particular. Holds a credential too: an anonymous registry token has an access list. */
export interface Anonymous {
  kind: 'anonymous'
  credential: Credential
}

/** What the configuration makes of a user. */
export interface Standing {
  /** Never true together with `globalReadonlySuperuser`, which wins. */
  superuser: boolean
  globalReadonlySuperuser: boolean
  restricted: boolean
}

/** A signed-in person. */
export interface UserPrincipal {
  kind: 'user'
  /** Id of the user's namespace row. */
  id: number
  uuid: string
  username: string
  credentialEpoch: string
  standing: Standing
  credential: Credential
}

/** Who is asking. */
export type Principal = Anonymous | UserPrincipal

/** Where a request comes from, for the audit log. */
export interface Origin {
  address: string
  userAgent: string
}

/** A principal and where it calls from; what services and the audit log take. */
export type Actor = Principal & Origin
/** An actor that is somebody. */
export type KnownActor = UserPrincipal & Origin

/** The settings that decide a user's standing. */
export interface StandingRules {
  FEATURE_SUPER_USERS: boolean
  SUPER_USERS: readonly string[]
  GLOBAL_READONLY_SUPER_USERS: readonly string[]
  FEATURE_RESTRICTED_USERS: boolean
  RESTRICTED_USERS_WHITELIST: readonly string[] | undefined
}

/** Standing of a user: by name in the configuration, or by the superuser mark on the account. */
export function standingOf(
  user: { username: string; isSuperuser: boolean },
  rules: StandingRules,
): Standing {
  const globalReadonlySuperuser = rules.GLOBAL_READONLY_SUPER_USERS.includes(user.username)
  const superuser =
    rules.FEATURE_SUPER_USERS &&
    !globalReadonlySuperuser &&
    (user.isSuperuser || rules.SUPER_USERS.includes(user.username))
  const restricted =
    rules.FEATURE_RESTRICTED_USERS &&
    !superuser &&
    !(rules.RESTRICTED_USERS_WHITELIST ?? []).includes(user.username)
  return { superuser, globalReadonlySuperuser, restricted }
}

/**
 * True for a name that the configuration gives special rights. Nobody takes one by signing up or by
 * renaming: who runs the registry makes such an account.
 */
export function isPrivilegedName(username: string, rules: StandingRules): boolean {
  return (
    rules.SUPER_USERS.includes(username) ||
    rules.GLOBAL_READONLY_SUPER_USERS.includes(username) ||
    (rules.RESTRICTED_USERS_WHITELIST ?? []).includes(username)
  )
}

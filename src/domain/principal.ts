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
  /** A robot's own token. */
  | { kind: 'robot_token' }
  /** The password that stands for a robot for an hour, which it got for an outside token. */
  | { kind: 'robot_password' }
  /** A token of another issuer that stands for a robot; good for getting such a password alone. */
  | { kind: 'outside_token'; issuer: string; subject: string }
  | OAuthTokenCredential
  | AppTokenCredential
  | ServiceTokenCredential
  /** A `/v2` bearer token: it can only narrow what the credential that it was made with allows. */
  | { kind: 'registry_token'; access: AccessEntry[]; madeWith?: LastingCredential }

/** A credential that a registry token is looked up by, so that revoking the one ends the other. */
export type LastingCredential = OAuthTokenCredential | AppTokenCredential

export interface OAuthTokenCredential {
  kind: 'oauth_token'
  tokenId: number
  tokenUuid: string
  /** Name of the application. */
  application: string
  /** Client id of the application. */
  applicationId: string
  scopes: OAuthScope[]
}

/** An app-specific token: its owner with full rights, in the registry protocol alone. */
export interface AppTokenCredential {
  kind: 'app_token'
  tokenId: number
  tokenUuid: string
  title: string
}

/** A JWT that another service has signed. It proves nothing before the gate has found the key that verifies it. */
export interface ServiceTokenCredential {
  kind: 'service_token'
  token: string
  /** Id of the key that is said to have signed it. */
  keyId: string | undefined
  /** What it must be meant for: scheme, host and port of this registry. */
  audience: string
}

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

interface AccountPrincipal {
  /** Id of the account's namespace row. */
  id: number
  uuid: string
  username: string
  credentialEpoch: string
  standing: Standing
  credential: Credential
}

/** A signed-in person. */
export interface UserPrincipal extends AccountPrincipal {
  kind: 'user'
}

/** A robot account, `owner+short`: it has what was given to it, and nothing of its owner's. */
export interface RobotPrincipal extends AccountPrincipal {
  kind: 'robot'
  /** Id of the namespace that it belongs to. */
  ownerId: number
}

/** Somebody. */
export type KnownPrincipal = UserPrincipal | RobotPrincipal

/** Who is asking. */
export type Principal = Anonymous | KnownPrincipal

/** Where a request comes from, for the audit log. */
export interface Origin {
  address: string
  userAgent: string
}

/** A principal and where it calls from; what services and the audit log take. */
export type Actor = Principal & Origin
/** An actor that is somebody. */
export type KnownActor = KnownPrincipal & Origin
/** An actor that is a person. */
export type UserActor = UserPrincipal & Origin

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

/** What is known of an account when a principal is made of it. */
interface AccountFacts {
  id: number
  uuid: string
  username: string
  credential_epoch: string
}

/** Makes the principal of a user. */
export function userPrincipal(
  user: AccountFacts & { is_superuser: boolean },
  credential: Credential,
  rules: StandingRules,
): UserPrincipal {
  const standing = standingOf({ username: user.username, isSuperuser: user.is_superuser }, rules)
  return { kind: 'user', ...accountOf(user), standing, credential }
}

/** Makes the principal of a robot; it is restricted when the user who owns it is. */
export function robotPrincipal(
  robot: AccountFacts & {
    owner_id: number
    owner_name: string
    owner_is_superuser: boolean | null
  },
  credential: Credential,
  rules: StandingRules,
): RobotPrincipal {
  const owner = { username: robot.owner_name, isSuperuser: robot.owner_is_superuser === true }
  // Null: an organization owns it, which no rule restricts.
  const restricted = robot.owner_is_superuser !== null && standingOf(owner, rules).restricted
  return {
    kind: 'robot',
    ...accountOf(robot),
    ownerId: robot.owner_id,
    standing: { superuser: false, globalReadonlySuperuser: false, restricted },
    credential,
  }
}

function accountOf({ id, uuid, username, credential_epoch }: AccountFacts) {
  return { id, uuid, username, credentialEpoch: credential_epoch }
}

/** Scopes that limit a credential; undefined when none do. */
export function scopesOf(credential: Credential): OAuthScope[] | undefined {
  if (credential.kind === 'registry_token')
    return credential.madeWith && scopesOf(credential.madeWith)
  return credential.kind === 'oauth_token' ? credential.scopes : undefined
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

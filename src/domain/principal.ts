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
  | {
      kind: 'oauth_token'
      tokenId: number
      applicationId: number
      application: string
      scopes: OAuthScope[]
    }
  /** A `/v2` bearer token: it can only narrow what its subject may do. */
  | { kind: 'registry_token'; access: AccessEntry[] }

/** Nobody in particular. Holds a credential too: an anonymous registry token has an access list. */
export interface Anonymous {
  kind: 'anonymous'
  credential: Credential
}

/** A signed-in person. */
export interface UserPrincipal {
  kind: 'user'
  /** Id of the user's namespace row. */
  id: number
  uuid: string
  username: string
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

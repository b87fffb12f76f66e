import type { TeamRole } from './access.ts'

/** The namespace of a repository. */
export type OwnerNamespace = Pick<NamespaceTarget, 'id' | 'name' | 'isOrganization'>

/** A namespace as the gate loads it. */
export interface NamespaceTarget {
  kind: 'namespace'
  id: number
  name: string
  isOrganization: boolean
  /** Seconds that a deleted or moved tag stays restorable. */
  tagExpirationSeconds: number
  /** What the caller holds there now; full access of superusers is `admin`. */
  role: TeamRole | undefined
  /** The caller sees what administrators see, secrets aside: superusers with full access, global read-only superusers. */
  viewsAll: boolean
}

export type RepositoryState = 'NORMAL' | 'READ_ONLY' | 'MIRROR' | 'ORG_MIRROR'
export type RepositoryRole = 'read' | 'write' | 'admin'

/** A repository as the gate loads it, with what the caller may do there now. */
export interface RepositoryTarget {
  kind: 'repository'
  id: number
  /** Name inside its namespace. */
  name: string
  /** `namespace/name`. */
  fullName: string
  namespace: OwnerNamespace
  isPublic: boolean
  state: RepositoryState
  description: string | null
  tagExpirationSeconds: number
  /** The caller's role here; undefined when only public access lets them in. */
  role: RepositoryRole | undefined
}

/** A repository that does not exist yet and that the caller may make by writing to it. */
export interface NewRepositoryTarget {
  kind: 'new-repository'
  name: string
  fullName: string
  /** Undefined: the namespace is missing too and becomes an organization (CREATE_NAMESPACE_ON_PUSH). */
  namespace: OwnerNamespace | undefined
  namespaceName: string
}

/** A key of another service that a token of the service is about. It need not exist. */
export interface ServiceKeyTarget {
  kind: 'service-key'
  service: string
  kid: string
  /** Id of the key that signed the token; the same as `kid` when the key speaks for itself. */
  signerKid: string
}

/** An application of OAuth, as a check of the flow loads it. */
export interface ApplicationTarget {
  kind: 'application'
  id: number
  clientId: string
  name: string
  description: string
  uri: string
  redirectUri: string
  avatarEmail: string | null
  namespace: OwnerNamespace
}

/** What a permission class loads for its handler. */
export type Target =
  | NamespaceTarget
  | RepositoryTarget
  | NewRepositoryTarget
  | ServiceKeyTarget
  | ApplicationTarget
  | undefined

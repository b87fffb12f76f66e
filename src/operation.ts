import type { permissions } from '#generated/permissions.ts'
import type { operations as V1Operations } from '#generated/v1.d.ts'
import type { operations as V2Operations } from '#generated/v2.d.ts'
import type { Right } from '#domain/permission.ts'
import type { Actor, KnownActor, UserActor } from '#domain/principal.ts'
import type { BlobContent, UploadSource } from '#domain/content.ts'
import type {
  ApplicationTarget,
  Target,
  RepositoryTarget,
  NewRepositoryTarget,
  NamespaceTarget,
  ServiceKeyTarget,
} from '#domain/target.ts'
import type { Deps } from '#deps.ts'

/** Every operation of both documents, by operationId. */
export type Operations = V1Operations & V2Operations
export type OperationId = keyof Operations

type PermissionOf<O extends OperationId> = (typeof permissions)[O]['permission']
type RightOf<O extends OperationId> = PermissionOf<O>['require'] & Right

type ParametersOf<O extends OperationId, In extends string> = Operations[O] extends {
  parameters: infer P
}
  ? In extends keyof P
    ? NonNullable<P[In]>
    : unknown
  : unknown

type JsonOf<C> = {
  [M in keyof C]: M extends
    | 'application/json'
    | 'application/x-www-form-urlencoded'
    | 'multipart/form-data'
    ? C[M]
    : never
}[keyof C]

/** JSON and form bodies are values of their schema; every other body is a stream that the handler passes on. */
type ContentBody<C> = [JsonOf<C>] extends [never] ? UploadSource : JsonOf<C>
type BodyOf<O extends OperationId> = Operations[O] extends { requestBody?: never }
  ? undefined
  : Operations[O] extends { requestBody: { content: infer C } }
    ? ContentBody<C>
    : Operations[O] extends { requestBody?: { content: infer C } }
      ? ContentBody<C> | undefined
      : undefined

/** What the gate has loaded for the operation's right. */
type TargetOf<O extends OperationId> =
  RightOf<O> extends 'repo:read' | 'repo:write' | 'repo:admin'
    ? PermissionOf<O> extends { mayBeMissing: true }
      ? RepositoryTarget | NewRepositoryTarget
      : RepositoryTarget
    : RightOf<O> extends 'repo:create' | 'org:view' | 'org:member' | 'org:admin' | 'team:view'
      ? NamespaceTarget
      : RightOf<O> extends 'service-key'
        ? ServiceKeyTarget
        : PermissionOf<O> extends { checkBody: 'readable-repository' }
          ? RepositoryTarget
          : PermissionOf<O> extends { checkBody: `oauth-${string}` }
            ? ApplicationTarget
            : undefined

/** Rights that nobody has without saying who they are; robots reach repositories alone. */
type ActorOf<O extends OperationId> =
  RightOf<O> extends 'anyone' | 'repo:read' | 'org:view' | 'service-key'
    ? Actor
    : RightOf<O> extends 'repo:write' | 'repo:admin'
      ? KnownActor
      : UserActor

/** The browser session of a call; signing in renews its id. */
export interface SessionHandle {
  /** The token that calls with this session carry in `X-CSRF-Token`; made at the first call. */
  csrfToken(): string
  /** Signs somebody in and gives the new CSRF token (`X-Next-CSRF-Token`). */
  signIn(user: { id: number; sessionEpoch: string }): Promise<string>
  /** Begins a session of nobody under another id. Its CSRF token is the same: a page that stays open can sign in with it. */
  signOut(): Promise<void>
}

/** Facts of the request itself. */
export interface RequestFacts {
  id: string
  /** Scheme, host and port under which the caller reaches the registry, validated: `http://localhost:8080`. */
  baseUrl: string
  /** Host and port of `baseUrl`; audience of registry tokens. */
  host: string
  /** A browser asks, or a program that looks like one. */
  isBrowser: boolean
}

type LowerCased<H> = { [K in keyof H as Lowercase<K & string>]: H[K] }

/** What a handler gets. Types come from the documents. */
export interface Call<O extends OperationId> {
  params: ParametersOf<O, 'path'>
  query: ParametersOf<O, 'query'>
  /** Declared request headers; names in lower case. */
  headers: LowerCased<ParametersOf<O, 'header'>>
  body: BodyOf<O>
  target: TargetOf<O>
  actor: ActorOf<O>
  request: RequestFacts
  session: SessionHandle
}

type KnownKeys<H> = {
  [K in keyof H as string extends K ? never : number extends K ? never : K]: H[K]
}
type HeadersOf<R> = R extends { headers: infer H }
  ? Record<never, never> extends KnownKeys<H>
    ? { headers?: KnownKeys<H> }
    : { headers: KnownKeys<H> }
  : unknown

type ReplyBody<M, T> = M extends `${string}json`
  ? T | Uint8Array
  : M extends 'text/plain' | 'text/html'
    ? string
    : Uint8Array | BlobContent
type ReplyContent<S, R> = R extends { content: infer C }
  ? [C] extends [never]
    ? { status: S; body?: undefined }
    : { [M in keyof C]: { status: S; type?: M; body: ReplyBody<M, C[M]> } }[keyof C]
  : { status: S; body?: undefined }

/** Refusals are thrown and rendered in one place; a handler answers 503 only where it reports (health), not refuses. */
type Refusal = { content: { 'application/json': { error_type: string } | { errors: unknown } } }
type ReportStatus<R> = 503 extends keyof R ? (R[503] extends Refusal ? never : 503) : never
type SuccessStatus<R> =
  | Extract<keyof R, 200 | 201 | 202 | 204 | 206 | 302 | 304 | 307>
  | ReportStatus<R>

/** What a handler answers: a declared status with the body and headers of that status. */
export type Reply<O extends OperationId> = {
  [S in SuccessStatus<Operations[O]['responses']>]: ReplyContent<S, Operations[O]['responses'][S]> &
    HeadersOf<Operations[O]['responses'][S]>
}[SuccessStatus<Operations[O]['responses']>]

export type Handler<O extends OperationId> = (
  call: Call<O>,
  deps: Deps,
) => Promise<Reply<O>> | Reply<O>

/** A handler for each of the named operations: a missing one does not compile. */
export type Handlers<O extends OperationId> = { [K in O]: Handler<K> }

export type { Target }

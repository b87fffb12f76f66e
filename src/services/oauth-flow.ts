import { hashToken, randomToken } from '#credentials/secrets.ts'
import {
  checkAuthorization,
  type AuthorizationRequest,
  type CheckedAuthorization,
} from '#domain/authorization.ts'
import { RegistryError } from '#domain/errors.ts'
import { coversScopes, parseOAuthScopes, sameScopes } from '#domain/oauth-scope.ts'
import type { UserActor } from '#domain/principal.ts'
import { extendUri, isRegisteredUri } from '#domain/redirect-uri.ts'
import type { ApplicationTarget } from '#domain/target.ts'
import { isUuid } from '#domain/text.ts'
import { lockApplication } from '#store/application.ts'
import { listTokenScopes } from '#store/application-token.ts'
import { transact, type Tx } from '#store/db.ts'
import { deleteAssignment, findAssignment } from '#store/oauth-assignment.ts'
import { insertCode } from '#store/oauth-code.ts'
import { deleteNotifications } from '#store/user-notification.ts'
import type { Deps } from '#deps.ts'
import { giveToken, maxTokenSeconds } from './application-token.ts'
import { holdOwnAccount } from './hold-own-account.ts'

const codeLength = 40
/** RFC 6749, 4.1.2: a code lives ten minutes at most. */
const codeSeconds = 600
/** The registry's own page that shows a token. */
const localHandlerPath = '/oauth/localapp'

/** An application asks a person to let it act for them. */
export interface Flow {
  application: ApplicationTarget
  request: AuthorizationRequest
  /** Scheme, host and port under which the person reaches the registry. */
  baseUrl: string
  actor: UserActor
}

/** What comes next: the person is asked, or goes back to the application. */
export type NextStep =
  | { kind: 'ask'; asked: CheckedAuthorization }
  | { kind: 'go'; location: string }

/** Name of the notification that an assignment has sent. */
export const assignmentKey = (uuid: string) => `assigned_authorization:${uuid}`

/**
 * Looks at what an application asks for. Who has a session, and has given the application a token of at least these
 * scopes already by a code that went to this address, is not asked again when it wants a code. Throws `invalid_request` for what the application cannot be
 * told of.
 */
export async function beginFlow(deps: Deps, flow: Flow): Promise<NextStep> {
  const asked = await checkFlow(deps, flow)
  if ('location' in asked) return { kind: 'go', ...asked }
  if (asked.responseType === 'code' && (await hasConsented(deps, flow, asked)))
    return { kind: 'go', location: await giveCode(deps, flow, asked) }
  return { kind: 'ask', asked }
}

/**
 * The person has consented: gives the address to go on at, with a code or a token. An assignment is used up. Throws
 * `invalid_request` for what the application cannot be told of.
 */
export async function consent(deps: Deps, flow: Flow): Promise<string> {
  const asked = await checkFlow(deps, flow)
  if ('location' in asked) return asked.location
  return asked.responseType === 'code'
    ? giveCode(deps, flow, asked)
    : giveTokenAtOnce(deps, flow, asked)
}

/** The address to go on at for a person who has refused. Throws `invalid_request`. */
export function deny(
  application: Pick<ApplicationTarget, 'redirectUri'>,
  flow: Pick<Flow, 'baseUrl'> & {
    request: Pick<AuthorizationRequest, 'redirectUri' | 'responseType' | 'state'>
  },
): string {
  demandAddress(application, flow)
  const { redirectUri, state } = flow.request
  return extendUri(redirectUri, { error: 'authorization_denied', state })
}

/** Nobody is sent to an address that the application has not registered. Throws `invalid_request`. */
export function demandAddress(
  { redirectUri: registered }: Pick<ApplicationTarget, 'redirectUri'>,
  {
    request: { redirectUri, responseType },
    baseUrl,
  }: Pick<Flow, 'baseUrl'> & {
    request: Pick<AuthorizationRequest, 'redirectUri' | 'responseType'>
  },
): void {
  // A code on that page would have to be copied to whoever asks for it, which is how people are tricked out of one.
  if (redirectUri === baseUrl + localHandlerPath && responseType === 'token') return
  if (!isRegisteredUri(redirectUri, registered))
    throw badRequest('redirect_uri is not the address that the application has registered')
}

async function checkFlow(
  deps: Deps,
  flow: Flow,
): Promise<CheckedAuthorization | { location: string }> {
  const { application, request } = flow
  demandAddress(application, flow)
  if (request.assignmentUuid !== undefined && request.responseType !== 'token')
    throw badRequest('an assignment gives a token: send response_type=token')
  const asked = checkAuthorization(request)
  if ('error' in asked) {
    const { error, description } = asked
    const told = { error, error_description: description, state: request.state }
    return { location: extendUri(request.redirectUri, told) }
  }
  await demandAssigned(deps, flow, asked)
  return asked
}

/** Who has an assignment may fulfil it, and nothing else. */
async function demandAssigned(
  { db, config }: Deps,
  { application, request, actor }: Flow,
  { scopes }: CheckedAuthorization,
): Promise<void> {
  const uuid = request.assignmentUuid
  if (uuid === undefined) return
  if (!config.FEATURE_ASSIGN_OAUTH_TOKEN)
    throw badRequest('this registry runs without FEATURE_ASSIGN_OAUTH_TOKEN')
  const found = isUuid(uuid)
    ? await findAssignment(db, { uuid, userId: actor.id, applicationId: application.id })
    : undefined
  const isMeant =
    found?.redirect_uri === request.redirectUri &&
    sameScopes(parseOAuthScopes(found.scopes) ?? [], scopes)
  if (!isMeant) throw badRequest('the assignment is not yours, was used, or is for something else')
}

async function hasConsented(
  { db, clock }: Deps,
  { application, request: { redirectUri }, actor }: Flow,
  { scopes }: CheckedAuthorization,
): Promise<boolean> {
  // A token that opens this address must not turn into a code for more than it may do itself.
  if (actor.credential.kind !== 'session') return false
  const wanted = { applicationId: application.id, userId: actor.id, redirectUri, at: clock.now() }
  const given = await listTokenScopes(db, wanted)
  return given.some((set) => coversScopes(parseOAuthScopes(set) ?? [], scopes))
}

async function giveCode(
  { db, clock }: Deps,
  { application, request, actor }: Flow,
  { scopes, codeChallenge }: CheckedAuthorization,
): Promise<string> {
  const code = randomToken(codeLength)
  const at = clock.now()
  await transact(db, async (tx) => {
    await holdOwnAccount(tx, actor)
    await insertCode(tx, {
      codeHash: hashToken(code),
      applicationId: application.id,
      userId: actor.id,
      redirectUri: request.redirectUri,
      scopes,
      codeChallenge,
      at,
      expiresAt: new Date(at.getTime() + codeSeconds * 1000),
    })
  })
  return extendUri(request.redirectUri, { code, scope: scopes.join(' '), state: request.state })
}

async function giveTokenAtOnce(
  deps: Deps,
  { application, request, actor }: Flow,
  { scopes }: CheckedAuthorization,
): Promise<string> {
  const { token } = await transact(deps.db, async (tx) => {
    await holdOwnAccount(tx, actor)
    await lock(tx, application)
    if (request.assignmentUuid !== undefined)
      await useAssignment(tx, { uuid: request.assignmentUuid, userId: actor.id })
    return giveToken(tx, deps, {
      applicationId: application.id,
      userId: actor.id,
      scopes,
      lifeSeconds: maxTokenSeconds,
      at: deps.clock.now(),
    })
  })
  const { state } = request
  return extendUri(
    request.redirectUri,
    { scope: scopes.join(' '), state },
    { access_token: token, token_type: 'Bearer', expires_in: String(maxTokenSeconds), state },
  )
}

async function lock(tx: Tx, { namespace, clientId }: ApplicationTarget): Promise<void> {
  if (await lockApplication(tx, { namespaceId: namespace.id, clientId })) return
  throw new RegistryError('not_found', `no application ${clientId}`)
}

async function useAssignment(tx: Tx, assignment: { uuid: string; userId: number }): Promise<void> {
  if (!(await deleteAssignment(tx, assignment))) throw badRequest('the assignment was used already')
  await deleteNotifications(tx, assignmentKey(assignment.uuid))
}

function badRequest(message: string): RegistryError {
  return new RegistryError('invalid_request', message, { extra: { error: 'invalid_request' } })
}

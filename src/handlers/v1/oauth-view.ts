import { avatarOf } from '#domain/avatar.ts'
import type { AuthorizationRequest, CheckedAuthorization } from '#domain/authorization.ts'
import { describeScopes } from '#domain/oauth-scope.ts'
import { renderConsent } from '#pages/consent.ts'
import type { Flow } from '#services/oauth-flow.ts'

/** What an application sends, in the query or through a form. */
interface SentRequest {
  client_id: string
  redirect_uri: string
  scope: string
  response_type?: string
  state?: string
  assignment_uuid?: string
  code_challenge?: string
  code_challenge_method?: string
}

/** Reads a request; a field of a form that is empty was not given. */
export function readRequest(sent: SentRequest): AuthorizationRequest {
  return {
    redirectUri: sent.redirect_uri,
    scope: sent.scope,
    responseType: sent.response_type ?? 'code',
    state: sent.state,
    assignmentUuid: sent.assignment_uuid || undefined,
    codeChallenge: sent.code_challenge || undefined,
    codeChallengeMethod: sent.code_challenge_method || undefined,
  }
}

/** Sends somebody on. Addresses that hold a code or a token are kept nowhere and passed on to nobody. */
export function goTo(location: string) {
  const headers = { 'Cache-Control': 'no-store', Location: location } as const
  return { status: 302 as const, headers }
}

/** A person is asked. */
interface Asked extends Flow {
  asked: CheckedAuthorization
  query: SentRequest
  csrfToken: string
}

/** The page that asks. */
export function showConsent(registry: string, { application, actor, asked, ...rest }: Asked) {
  const { query, csrfToken, request } = rest
  return renderConsent({
    registry,
    username: actor.username,
    application: {
      name: application.name,
      description: application.description,
      url: application.uri,
      organization: application.namespace.name,
    },
    scopes: describeScopes(asked.scopes),
    redirectUri: request.redirectUri,
    fields: {
      client_id: application.clientId,
      redirect_uri: request.redirectUri,
      scope: request.scope,
      response_type: request.responseType,
      state: query.state,
      assignment_uuid: request.assignmentUuid,
      code_challenge: request.codeChallenge,
      code_challenge_method: request.codeChallengeMethod,
      _csrf_token: csrfToken,
    },
  })
}

/** The same for a page of somebody else's. */
export function viewConsent({ application, asked, request, csrfToken }: Asked) {
  const { namespace } = application
  const scopes = describeScopes(asked.scopes)
  const owner = avatarOf(namespace.isOrganization ? 'org' : 'user', namespace.name)
  return {
    scopes,
    has_dangerous_scopes: scopes.some(({ dangerous }) => dangerous),
    application: {
      name: application.name,
      description: application.description,
      url: application.uri,
      avatar: JSON.stringify(avatarOf('app', application.name, application.avatarEmail)),
      organization: { name: namespace.name, avatar: JSON.stringify(owner) },
    },
    response_type: request.responseType,
    client_id: application.clientId,
    redirect_uri: request.redirectUri,
    scope: request.scope,
    csrf_token_val: csrfToken,
    state: request.state ?? null,
    assignment_uuid: request.assignmentUuid ?? null,
  }
}

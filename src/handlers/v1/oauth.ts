import { RegistryError } from '#domain/errors.ts'
import { formTarget } from '#domain/redirect-uri.ts'
import { contentPolicy } from '#pages/headers.ts'
import { renderLocalToken } from '#pages/local-token.ts'
import { renderMessage } from '#pages/message.ts'
import { assignToken } from '#services/assign-token.ts'
import { maxTokenSeconds } from '#services/application-token.ts'
import { exchangeCode } from '#services/exchange-code.ts'
import { beginFlow, consent, deny } from '#services/oauth-flow.ts'
import { findOwnedApplication } from '#store/application.ts'
import type { Handlers } from '#operation.ts'
import { goTo, readRequest, showConsent, viewConsent } from './oauth-view.ts'

const noStore = { 'Cache-Control': 'no-store' } as const

/** The flow of OAuth 2: a person consents, an application gets a token. */
export const oauth: Handlers<
  | 'oauthAuthorize'
  | 'oauthAuthorizeApp'
  | 'oauthDenyApp'
  | 'oauthAssignUser'
  | 'oauthAccessToken'
  | 'oauthLocalHandler'
> = {
  async oauthAuthorize({ target, query, actor, request: { baseUrl }, session }, deps) {
    const flow = { application: target, request: readRequest(query), baseUrl, actor }
    const next = await beginFlow(deps, flow)
    if (next.kind === 'go') return goTo(next.location)
    const asked = { ...flow, ...next, query, csrfToken: session.csrfToken() }
    if (query.format === 'json') return { status: 200, headers: noStore, body: viewConsent(asked) }
    const policy = contentPolicy({ formTarget: formTarget(query.redirect_uri) })
    const headers = { ...noStore, 'Content-Security-Policy': policy }
    const body = showConsent(deps.config.REGISTRY_TITLE, asked)
    return { status: 200, type: 'text/html', headers, body }
  },
  async oauthAuthorizeApp({ target, body, actor, request: { baseUrl } }, deps) {
    const flow = { application: target, request: readRequest(body), baseUrl, actor }
    return goTo(await consent(deps, flow))
  },
  async oauthDenyApp({ body, request: { baseUrl } }, { db }) {
    const application = await findOwnedApplication(db, body.client_id)
    if (!application) throw new RegistryError('not_found', `no application ${body.client_id}`)
    const request = readRequest({ scope: '', ...body })
    return goTo(deny({ redirectUri: application.redirect_uri }, { request, baseUrl }))
  },
  async oauthAssignUser({ target, query, actor, request: { baseUrl } }, deps) {
    const { username, scope, redirect_uri: redirectUri } = query
    await assignToken(deps, { application: target, username, redirectUri, scope, baseUrl, actor })
    const message = `${username} was asked to make a token`
    if (query.format === 'json') return { status: 200, body: { message } }
    const page = { registry: deps.config.REGISTRY_TITLE, title: 'Done', text: `${message}.` }
    return { status: 200, type: 'text/html', body: renderMessage(page) }
  },
  async oauthAccessToken({ query, body, headers: { authorization } }, deps) {
    const { token } = await exchangeCode(deps, { ...query, ...body }, authorization)
    return {
      status: 200,
      headers: { ...noStore, Pragma: 'no-cache' },
      body: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: maxTokenSeconds,
        refresh_token: null,
      },
    }
  },
  oauthLocalHandler({ query }, { config }) {
    const access_token = query.access_token ?? null
    if (query.format === 'json') return { status: 200, headers: noStore, body: { access_token } }
    const page = { registry: config.REGISTRY_TITLE, error: query.error }
    return { status: 200, type: 'text/html', headers: noStore, body: renderLocalToken(page) }
  },
}

import { makeCall } from '#test/support/client.ts'
import type { Fixture, Fixtures, Wanted } from '../fixture.ts'
import type { World } from '../world.ts'
import { makeApplication } from './application.ts'

const address = 'https://app.example.com/callback'

/** Browsers take pages, others JSON. */
const accepting = ({ responseType }: Wanted) => ({
  accept: responseType === 'text/html' ? 'text/html' : 'application/json',
})

/** The keeper stands before an application that wants something. */
async function makeFlow(world: World, wanted: Wanted) {
  const application = await makeApplication(world)
  const format = wanted.responseType === 'text/html' ? 'html' : 'json'
  const asked = { client_id: application.clientId, redirect_uri: address, scope: 'repo:read' }
  const headers = { ...world.as(world.people.keeper), ...accepting(wanted) }
  return { application, format, asked, headers }
}

/** The page, with the changes of `asked`. */
const authorize =
  (changes: Record<string, string> = {}): Fixture =>
  async (world, wanted) => {
    const { asked, format, headers } = await makeFlow(world, wanted)
    return { query: { ...asked, format, state: 'x', ...changes }, headers }
  }

/** A form of the page; the token of the header stands for its field. */
const decide =
  (changes: Record<string, string> = {}): Fixture =>
  async (world, wanted) => {
    const { asked, headers } = await makeFlow(world, wanted)
    const form = { ...asked, ...changes }
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return { headers: { ...headers, ...type }, body: String(new URLSearchParams(form)) }
  }

const assign =
  (changes: Record<string, string> = {}): Fixture =>
  async (world, wanted) => {
    const { asked, format, headers } = await makeFlow(world, wanted)
    const { name: username } = world.people.stranger
    const { scope, ...named } = asked
    const query = { ...named, scope, username, format, response_type: 'token', ...changes }
    return { query, headers }
  }

/** By somebody who may not. */
const asStranger =
  (fixture: Fixture): Fixture =>
  async (world, wanted) => {
    const sent = await fixture(world, wanted)
    return { ...sent, headers: { ...sent.headers, ...world.as(world.people.stranger) } }
  }

/** By nobody. */
const asNobody =
  (fixture: Fixture): Fixture =>
  async (world, wanted) => {
    const { headers, ...sent } = await fixture(world, wanted)
    const {
      cookie: _,
      'x-csrf-token': __,
      ...others
    } = { cookie: '', 'x-csrf-token': '', ...headers }
    return { ...sent, headers: others }
  }

/** Without the CSRF token. */
const withoutCsrf =
  (fixture: Fixture): Fixture =>
  async (world, wanted) => {
    const { headers, ...sent } = await fixture(world, wanted)
    const { 'x-csrf-token': _, ...others } = { 'x-csrf-token': '', ...headers }
    return { ...sent, headers: others }
  }

const exchange =
  (changes: Record<string, string> = {}): Fixture =>
  async (world, wanted) => {
    const { application, asked } = await makeFlow(world, wanted)
    const call = makeCall(world.servers.main, () => world.as(world.people.keeper))
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = String(new URLSearchParams(asked))
    const answer = await call('POST', '/oauth/authorizeapp', { headers: type, body })
    const location = new URL(answer.headers.get('location') ?? '')
    const form = {
      grant_type: 'authorization_code',
      client_id: application.clientId,
      client_secret: application.clientSecret,
      redirect_uri: address,
      code: location.searchParams.get('code') ?? '',
      ...changes,
    }
    return { query: {}, headers: type, body: String(new URLSearchParams(form)) }
  }

const signinForm: Fixture = async (world) => {
  const { name: username, password } = world.people.keeper
  const headers = {
    ...(await world.visitor()),
    'content-type': 'application/x-www-form-urlencoded',
  }
  return { headers, body: String(new URLSearchParams({ username, password, next: '/' })) }
}

const elsewhere = { redirect_uri: 'https://evil.example.com/' }
const unknown = { client_id: 'nobody' }

/** A page that needs somebody. Where people cannot sign in on a page, browsers are not sent to one. */
const ofNobody: Fixture = (_, wanted) => ({
  server: wanted.responseType === 'text/html' ? 'bare' : 'main',
  query: { client_id: 'x', redirect_uri: address, scope: 'repo:read' },
  headers: accepting(wanted),
})

/** The flow of OAuth. */
export const oauth: Fixtures = {
  'oauthAuthorize 200': authorize(),
  'oauthAuthorize 302': authorize({ scope: 'unknown' }),
  'oauthAuthorize 400': authorize(elsewhere),
  'oauthAuthorize 401': ofNobody,
  'oauthAuthorize 403': asStranger(authorize()),
  'oauthAuthorize 404': authorize(unknown),
  'oauthAuthorizeApp 302': decide(),
  'oauthAuthorizeApp 400': decide(elsewhere),
  'oauthAuthorizeApp 401': asNobody(decide()),
  'oauthAuthorizeApp 403': asStranger(decide()),
  'oauthAuthorizeApp 404': decide(unknown),
  'oauthDenyApp 302': decide(),
  'oauthDenyApp 400': decide(elsewhere),
  'oauthDenyApp 401': asNobody(decide()),
  'oauthDenyApp 403': withoutCsrf(decide()),
  'oauthDenyApp 404': decide(unknown),
  'oauthAssignUser 200': assign(),
  'oauthAssignUser 400': assign(elsewhere),
  'oauthAssignUser 401': asNobody(assign()),
  'oauthAssignUser 403': asStranger(assign()),
  'oauthAssignUser 404': assign(unknown),
  async 'oauthAssignUser 415'(world, wanted) {
    const { headers, ...sent } = await assign()(world, wanted)
    return { ...sent, headers: { ...headers, 'content-type': 'text/plain' }, body: 'x' }
  },
  'oauthAccessToken 200': exchange(),
  'oauthAccessToken 400': exchange({ code: 'unknown' }),
  async 'oauthAccessToken 401'(world, wanted) {
    const { headers, ...sent } = await exchange({ client_secret: '' })(world, wanted)
    const body = String(new URLSearchParams({ grant_type: 'authorization_code', code: 'x' }))
    return { ...sent, headers: { ...headers, authorization: 'Basic bm9ib2R5OnNlY3JldA==' }, body }
  },
  'oauthLocalHandler 200': (world, wanted) => ({
    query: { format: wanted.responseType === 'text/html' ? 'html' : 'json' },
    headers: world.as(world.people.keeper),
  }),
  'oauthLocalHandler 302': () => ({ query: {}, headers: { accept: 'text/html' } }),
  'oauthLocalHandler 400': (world, wanted) => ({
    query: { unheard: 'of' },
    headers: { ...world.as(world.people.keeper), ...accepting(wanted) },
  }),
  'oauthLocalHandler 401': ofNobody,
  'showSigninPage 200': () => ({ query: {} }),
  'showSigninPage 404': () => ({ server: 'bare', query: {} }),
  'showSigninPage 503': (world) => ({
    server: 'down',
    headers: world.as(world.people.keeper),
    query: {},
  }),
  'signinOnPage 302': signinForm,
  'signinOnPage 400': async (world) => ({
    ...(await signinForm(world, never)),
    body: 'username=a',
  }),
  'signinOnPage 403': async (world, wanted) => ({
    ...(await signinForm(world, never)),
    headers: { ...formType, ...accepting(wanted) },
  }),
  'signinOnPage 404': async (world) => ({ ...(await signinForm(world, never)), server: 'bare' }),
  'listAssignedAuthorizations 200': (world) => ({ headers: world.as(world.people.stranger) }),
  'listAssignedAuthorizations 404': () => ({ server: 'bare' }),
  'deleteAssignedAuthorization 204': async (world) => {
    const made = await assign({ format: 'json' })(world, never)
    const keeper = makeCall(world.servers.main, () => world.as(world.people.keeper))
    await keeper('POST', `/oauth/authorize/assignuser?${new URLSearchParams(made.query as never)}`)
    const stranger = makeCall(world.servers.main, () => world.as(world.people.stranger))
    const { json } = await stranger('GET', '/api/v1/user/assignedauthorization')
    const uuid = json.authorizations.at(-1).uuid
    const headers = world.as(world.people.stranger)
    return { path: { assigned_authorization_uuid: uuid }, headers }
  },
  'deleteAssignedAuthorization 404': (world) => ({ headers: world.as(world.people.keeper) }),
}

const never: Wanted = { operationId: '', requestType: '', responseType: '' }
const formType = { 'content-type': 'application/x-www-form-urlencoded' }

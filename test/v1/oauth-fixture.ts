import { createHash, randomBytes } from 'node:crypto'

import { makeOrganization, withSession } from '#test/support/account.ts'
import { makeCall, type Answer, type Call } from '#test/support/client.ts'
import { signIn, startServer, type TestServer } from '#test/support/server.ts'

/** Where the application is reached. */
export const callback = 'https://board.example.com/callback'

/** An application `board` of `acme`, which ada administers, and what walks its flow. */
export interface Board {
  server: TestServer
  /** Ada, with a session; CSRF tokens are put into the header. */
  ada: Call
  /** Ada's browser: the cookie alone. */
  browser: Call
  csrfToken: string
  clientId: string
  clientSecret: string
  /** Asks for the consent page; what is left out is a code for `user:read` that goes to `callback`. */
  authorize(query?: Record<string, string>, call?: Call): Promise<Answer>
  /** Sends the form of the page. */
  decide(path: 'authorizeapp' | 'denyapp', form?: Record<string, string>): Promise<Answer>
  /** Gets a code. */
  code(form?: Record<string, string>): Promise<string>
  /** Presents a code with the client secret. */
  exchange(form: Record<string, string>): Promise<Answer>
}

/** Starts a registry with the application. */
export async function startBoard(settings: Record<string, string> = {}): Promise<Board> {
  const server = await startServer(settings)
  await server.user('ada')
  await makeOrganization(server, 'acme', { admin: 'ada' })
  const session = await signIn(server.call, 'ada')
  const ada = withSession(server, session)
  const browser = makeCall(server.url, () => ({ cookie: session.cookie }))
  const applications = '/api/v1/organization/acme/applications'
  const body = { name: 'board', redirect_uri: callback, description: 'Shows <what> runs' }
  const { client_id, client_secret } = (await ada('POST', applications, { body })).json
  const usual = { client_id, redirect_uri: callback, scope: 'user:read' }
  const board: Board = {
    server,
    ada,
    browser,
    csrfToken: session.csrfToken,
    clientId: client_id,
    clientSecret: client_secret,
    authorize: (query = {}, call = browser) =>
      call('GET', `/oauth/authorize?${new URLSearchParams({ ...usual, ...query })}`),
    decide: (path, form = {}) =>
      sendForm(browser, `/oauth/${path}`, { ...usual, _csrf_token: session.csrfToken, ...form }),
    async code(form) {
      const code = landing(await board.decide('authorizeapp', form)).searchParams.get('code')
      return code ?? ''
    },
    exchange: (form) =>
      sendForm(server.call, '/oauth/access_token', {
        grant_type: 'authorization_code',
        client_id,
        client_secret,
        redirect_uri: callback,
        ...form,
      }),
  }
  return board
}

/** Sends a form, as a page does. */
export function sendForm(
  call: Call,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent = { 'content-type': 'application/x-www-form-urlencoded', ...headers }
  return call('POST', path, { headers: sent, body: String(new URLSearchParams(form)) })
}

/** Where an answer leads. */
export function landing(answer: Answer): URL {
  return new URL(answer.headers.get('location') ?? '', 'http://nowhere.invalid')
}

/** A verifier of PKCE and its challenge. */
export function makePkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Headers of a browser that opens a page. */
export const asBrowser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

import { onTestFinished } from 'vitest'

import type { Answer, Call } from '#test/support/client.ts'
import { startIssuer, type TestIssuer } from '#test/support/issuer.ts'
import { basicAuth } from '#test/support/machine.ts'
import { startServer, type ServerOptions, type TestServer } from '#test/support/server.ts'

export const robot = '/api/v1/user/robots/ci'
export const federation = `${robot}/federation`
export const subject = 'repo:acme/nginx:ref:refs/heads/main'

/** A registry with acme's robot acme+ci, for which tokens of an issuer stand. */
export interface Federated {
  server: TestServer
  issuer: TestIssuer
  acme: Call
  /** Asks for a password with a token of the issuer; claims that are left out fit. */
  exchange(claims?: Record<string, unknown>, login?: string): Promise<Answer>
  /** Asks with any token. */
  present(token: string, login?: string): Promise<Answer>
}

/** Starts both. */
export async function startFederated(
  entry: Record<string, unknown> = {},
  settings: Record<string, string> = {},
  options: ServerOptions = {},
): Promise<Federated> {
  const issuer = await startIssuer()
  onTestFinished(() => issuer.close())
  const server = await startServer({ SSRF_ALLOWED_HOSTS: '127.0.0.1', ...settings }, options)
  const { call: acme } = await server.user('acme')
  await acme('PUT', robot)
  const made = await acme('POST', federation, { body: [{ issuer: issuer.url, subject, ...entry }] })
  if (made.status !== 200) throw new Error(made.text)
  const present = (token: string, login = 'acme+ci') =>
    server.call('GET', '/oauth2/federation/robot/token', { headers: basicAuth(login, token) })
  return {
    server,
    issuer,
    acme,
    present,
    exchange: (claims = {}, login = undefined) =>
      present(issuer.sign({ sub: subject, aud: server.host, ...claims }), login),
  }
}

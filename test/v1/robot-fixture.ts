import { makeCall, type Call } from '#test/support/client.ts'
import { basicAuth } from '#test/support/machine.ts'
import type { TestServer } from '#test/support/server.ts'

/** Logs in as docker does; gives the status and calls with the registry token. */
export async function logIn(
  server: TestServer,
  login: string,
  password: string,
  scope?: string,
): Promise<{ status: number; actions?: string[]; call: Call }> {
  const query = new URLSearchParams({ service: server.host, ...(scope ? { scope } : {}) })
  const { status, json } = await server.call('GET', `/v2/auth?${query}`, {
    headers: basicAuth(login, password),
  })
  const claims = json?.token && JSON.parse(atob(json.token.split('.')[1]))
  const call = makeCall(server.url, () => ({ authorization: `Bearer ${json?.token}` }))
  return { status, actions: claims?.access[0]?.actions, call }
}

/** Logs in by the form; gives the answer of the token service. */
export function logInByForm(server: TestServer, fields: Record<string, string>) {
  return server.call('POST', '/v2/auth', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ client_id: 'test', ...fields })),
  })
}

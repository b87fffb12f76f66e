import type { TestServer } from '#test/support/server.ts'

/** Logs in by the form; gives the answer of the token service. */
export function logInByForm(server: TestServer, fields: Record<string, string>) {
  return server.call('POST', '/v2/auth', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ client_id: 'test', ...fields })),
  })
}

import { startServer } from '#test/support/server.ts'

export const users = '/api/v1/superuser/users/'
export const organizations = '/api/v1/superuser/organizations/'

/** A server with the superuser `root`, and calls in its session. */
export async function startWithRoot(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call: root, id: rootId } = await server.user('root', { superuser: true })
  return { server, root, rootId }
}

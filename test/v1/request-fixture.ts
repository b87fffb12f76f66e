import { everyOperation } from '#test/support/operation.ts'
import { startServer } from '#test/support/server.ts'

/** Path of the caller's own account. */
export const me = '/api/v1/user/'
/** Path of the list of repositories. */
export const repositories = '/api/v1/repository'
/** A repository that can be made. */
export const newRepo = { repository: 'made', visibility: 'private', description: '' }

/** A server with the user `acme`, and calls in their session. */
export async function startWithUser(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call } = await server.user('acme')
  return { server, call }
}

/** Every operation of the management API, with its path and its body as the examples have them. */
export const operations = everyOperation()
  .filter(({ api }) => api === 'v1')
  .map(({ operationId, method, path, parameters, body, acts }) => ({
    operationId,
    method,
    acts,
    path: parameters
      .filter((parameter) => parameter.in === 'path')
      .reduce((text, { name, example }) => text.replace(`{${name}}`, String(example)), path),
    body: body?.example,
  }))

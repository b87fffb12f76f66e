import type { OpenApiDocument, Operation } from '../../tools/generate/document.ts'

/** A sound document with one operation, `deleteTag`, changed as the test wants. */
export function documentWith(changes: Partial<Operation> = {}): OpenApiDocument {
  const operation: Operation = {
    operationId: 'deleteTag',
    security: [{ oauthToken: ['repo:write'] }, { session: [], csrf: [] }],
    'x-permission': { require: 'repo:write' },
    responses: {
      '204': { description: 'Gone.' },
      '404': { $ref: '#/components/responses/NotFound' },
    },
    ...changes,
  }
  const scopes = { 'repo:write': 'Push and tag' }
  return {
    paths: { '/tag/{tag}': { delete: operation } },
    components: {
      schemas: { ApiError: { type: 'object', properties: { status: { type: 'integer' } } } },
      responses: { NotFound: json('#/components/schemas/ApiError', { status: 404 }) },
      securitySchemes: {
        oauthToken: { type: 'oauth2', description: 'A token.', flows: { code: { scopes } } },
        session: { type: 'apiKey', in: 'cookie', name: 'session' },
        csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token' },
      },
    },
  }
}

/** A JSON response of a named schema with an example. */
export function json<T>($ref: string, example: T) {
  return {
    description: 'An answer.',
    content: { 'application/json': { schema: { $ref }, example } },
  }
}

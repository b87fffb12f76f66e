import { operationsOf, type OpenApiDocument } from './document.ts'

/**
 * The document as openapi-generator should see it, so that its client is pleasant to use. Request bodies are called
 * `body`; they would bear the name of their schema. OAuth tokens are declared as bearer tokens: for `oauth2` the client
 * sends the bare token without `Bearer`.
 */
export function sdkInput(document: OpenApiDocument): OpenApiDocument {
  const input = structuredClone(document)
  for (const { operation } of operationsOf(input))
    if (operation.requestBody) Object.assign(operation, { 'x-codegen-request-body-name': 'body' })
  const schemes = input.components?.['securitySchemes'] ?? {}
  for (const [name, scheme] of Object.entries(schemes)) {
    const { type, description } = scheme as { type: string; description: string }
    if (type === 'oauth2') schemes[name] = { type: 'http', scheme: 'bearer', description }
  }
  return input
}

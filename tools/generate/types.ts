import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'

import type { OpenApiDocument } from './document.ts'

/** TypeScript declarations of a bundled document; `src/operation.ts` reads its `operations`. Binary content is bytes. */
export async function describeTypes(document: OpenApiDocument): Promise<string> {
  const nodes = await openapiTS(structuredClone(document) as never, {
    transform: ({ format }) =>
      format === 'binary' ? ts.factory.createTypeReferenceNode('Uint8Array') : undefined,
  })
  return `// Written by npm run generate; do not edit.\n\n${astToString(nodes)}`
}

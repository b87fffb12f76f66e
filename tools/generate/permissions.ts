import { featuresOf, operationsOf, type Api, type OpenApiDocument } from './document.ts'

/** The permission table of both documents as a TypeScript module, one line an operation. */
export function permissionTable(documents: Record<Api, OpenApiDocument>): string {
  const lines = Object.entries(documents).flatMap(([api, document]) =>
    operationsOf(document).map(({ path, method, operation }) => {
      const { operationId = `${method} ${path}`, 'x-permission': permission } = operation
      const security = operation.security ?? document.security ?? []
      if (!permission) throw new Error(`openapi/${api}.yaml: ${operationId} has no x-permission`)
      const entry = { api, method, path, features: featuresOf(operation), security, permission }
      return `  ${operationId}: ${JSON.stringify(entry)},`
    }),
  )
  return [
    '// Written by npm run generate; do not edit.',
    "import type { OperationPermission } from '#domain/permission.ts'",
    '',
    '/** What each operation demands of its caller, by operationId. */',
    'export const permissions = {',
    ...lines.sort(),
    '} as const satisfies Record<string, OperationPermission>',
    '',
  ].join('\n')
}

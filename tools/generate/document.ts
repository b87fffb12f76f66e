/** The two faces of the registry; each has a document of its own. */
export const apis = ['v1', 'v2'] as const
export type Api = (typeof apis)[number]

/** Where a bundled document lies, from the root of the repository. */
export function pathOf(api: Api): string {
  return `generated/${api}.json`
}

/** The path item keys that are operations (OpenAPI 3.0.3, "Path Item Object"). */
export const methods = [
  'get',
  'put',
  'post',
  'delete',
  'head',
  'patch',
  'options',
  'trace',
] as const
export type Method = (typeof methods)[number]

export type Ref = { $ref: string }
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type Schema = { [key: string]: Json }

export interface MediaType {
  schema?: Schema
  example?: Json
  examples?: Record<string, { value?: Json }>
}

export interface Parameter extends MediaType {
  name: string
  in: string
  required?: boolean
}

export interface Response {
  description: string
  content?: Record<string, MediaType>
  headers?: Record<string, Ref | MediaType>
}

export interface Operation {
  operationId?: string
  parameters?: (Ref | Parameter)[]
  requestBody?: Ref | { content: Record<string, MediaType> }
  responses: Record<string, Ref | Response>
  security?: Record<string, string[]>[]
  'x-permission'?: Record<string, unknown>
  'x-feature'?: string | string[]
}

export type PathItem = { [M in Method]?: Operation } & { parameters?: (Ref | Parameter)[] }
export type Components = Record<string, Record<string, Json>>

/** As much of an OpenAPI 3.0.3 document as the tools look at. */
export interface OpenApiDocument {
  paths: Record<string, PathItem>
  components?: Components
  security?: Record<string, string[]>[]
}

/** One operation and where it stands. */
export interface PlacedOperation {
  path: string
  method: Method
  operation: Operation
  pathItem: PathItem
}

/** Every operation of a document, in its order. */
export function operationsOf(document: OpenApiDocument): PlacedOperation[] {
  return Object.entries(document.paths).flatMap(([path, pathItem]) =>
    methods.flatMap((method) => {
      const operation = pathItem[method]
      return operation ? [{ path, method, operation, pathItem }] : []
    }),
  )
}

/** The flags of `x-feature`, which may be one name or a list. */
export function featuresOf(operation: Operation): string[] {
  return [operation['x-feature'] ?? []].flat()
}

/** Follows a local reference; gives what is none as it is. Throws when it leads nowhere. */
export function resolve<T extends object>(document: OpenApiDocument, value: T | Ref): T {
  if (!('$ref' in value) || typeof value.$ref !== 'string') return value as T
  const keys = value.$ref.split('/').slice(1)
  let found: unknown = document
  for (const key of keys)
    found = (found as Record<string, unknown> | undefined)?.[
      decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')
    ]
  if (found === undefined) throw new Error(`${value.$ref} leads nowhere`)
  return resolve(document, found as T | Ref)
}

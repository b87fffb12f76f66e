import { readFileSync } from 'node:fs'

import { Ajv, type ValidateFunction } from 'ajv'
import addFormatsModule from 'ajv-formats'

interface Header {
  required?: boolean
  schema?: object
}
interface DeclaredResponse {
  headers?: Record<string, Header | { $ref: string }>
  content?: Record<string, { schema?: object }>
}
interface Operation {
  operationId: string
  responses: Record<string, DeclaredResponse | { $ref: string }>
  /** A GET that changes something: it answers no HEAD. */
  'x-acts'?: boolean
}
interface Document {
  paths: Record<string, Record<string, Operation & { parameters?: unknown }>>
}

/** A response as a test got it. */
export interface SeenResponse {
  method: string
  /** Path with its query, as it was sent. */
  path: string
  status: number
  headers: Headers
  body: Uint8Array
}

const addFormats = addFormatsModule as unknown as (ajv: Ajv) => Ajv
const documents = (['v1', 'v2'] as const).map((name) => {
  const document = JSON.parse(
    readFileSync(new URL(`../../generated/${name}.json`, import.meta.url), 'utf8'),
  ) as Document
  const ajv = addFormats(new Ajv({ strict: false, allErrors: true }))
  ajv.addSchema({ ...document, $id: name })
  return { name, document, ajv, paths: Object.keys(document.paths).map(toPattern) }
})
const validators = new Map<string, ValidateFunction>()

/** Every operation and status that a test of this process has seen. */
export const seen = new Set<string>()

function toPattern(path: string) {
  const source = path
    .replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replaceAll(/\{(repository|name)\}/g, '(?:[^/]+(?:/[^/]+)*)')
    .replaceAll(/\{[^}]+\}/g, '[^/]+')
  const literal = path.replaceAll(/\{[^}]+\}/g, '').length
  return { path, literal, pattern: new RegExp(`^${source}$`) }
}

/**
 * Says in what a response breaks its document: status, media type, schema or a required header. Empty when it
 * keeps to it, and for paths that no document describes.
 */
export function contractViolations(response: SeenResponse): string[] {
  const path = response.path.split('?', 1)[0]!
  for (const { name, document, ajv, paths } of documents) {
    const match = paths
      .filter(({ pattern }) => pattern.test(path))
      .toSorted((a, b) => b.literal - a.literal)[0]
    if (!match) continue
    const methods = document.paths[match.path]!
    const declaresHead = methods.head !== undefined
    const method = response.method.toLowerCase()
    const operation = methods[method === 'head' && !declaresHead ? 'get' : method]
    const isActing = method === 'head' && operation?.['x-acts']
    if (!operation || isActing)
      return response.status === 405 ? [] : [`${method} ${match.path} is not declared`]
    seen.add(`${operation.operationId} ${response.status}`)
    return check(response, operation, { name, document, ajv })
  }
  return []
}

function check(
  response: SeenResponse,
  operation: Operation,
  { name, document, ajv }: { name: string; document: Document; ajv: Ajv },
): string[] {
  const where = `${operation.operationId} ${response.status}`
  const found = operation.responses[response.status]
  if (!found) return [`${where}: the status is not declared`]
  const { value: declared, pointer } = resolve(document, found, [
    'paths',
    Object.entries(document.paths).find(([, item]) => Object.values(item).includes(operation))![0],
    Object.entries(document.paths)
      .flatMap(([, item]) => Object.entries(item))
      .find(([, each]) => each === operation)![0],
    'responses',
    String(response.status),
  ])
  return [
    ...headerFaults(response, declared as DeclaredResponse, document).map(
      (text) => `${where}: ${text}`,
    ),
    ...bodyFaults(response, declared as DeclaredResponse, { name, pointer, ajv }).map(
      (text) => `${where}: ${text}`,
    ),
  ]
}

function resolve(
  document: Document,
  value: object,
  pointer: string[],
): { value: object; pointer: string[] } {
  if (!('$ref' in value)) return { value, pointer }
  const parts = String(value.$ref)
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/'))
  const target = parts.reduce<unknown>(
    (node, part) => (node as Record<string, unknown>)[part],
    document,
  )
  return { value: target as object, pointer: parts }
}

function headerFaults(
  response: SeenResponse,
  declared: DeclaredResponse,
  document: Document,
): string[] {
  return Object.entries(declared.headers ?? {})
    .filter(([header, value]) => {
      const { required } = resolve(document, value, []).value as Header
      return required === true && !response.headers.has(header)
    })
    .map(([header]) => `the header ${header} is missing`)
}

function bodyFaults(
  response: SeenResponse,
  declared: DeclaredResponse,
  { name, pointer, ajv }: { name: string; pointer: string[]; ajv: Ajv },
): string[] {
  if (response.method === 'HEAD') return response.body.length === 0 ? [] : ['HEAD has a body']
  const types = Object.keys(declared.content ?? {})
  if (types.length === 0)
    return response.body.length === 0 ? [] : ['a body, though none is declared']
  const type = (response.headers.get('content-type') ?? '').split(';')[0]!
  if (!types.includes(type)) return [`the media type ${type} is not declared`]
  if (!type.endsWith('json') || isBinary(declared.content![type]!.schema, ajv, name)) return []
  const key = `${name}#/${[...pointer, 'content', type, 'schema'].map(escape).join('/')}`
  let validate = validators.get(key)
  if (!validate) {
    validate = ajv.compile({ $ref: key })
    validators.set(key, validate)
  }
  const body: unknown = JSON.parse(Buffer.from(response.body).toString('utf8'))
  return validate(body) ? [] : [`${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`]
}

function isBinary(schema: object | undefined, ajv: Ajv, name: string): boolean {
  const ref = (schema as { $ref?: string } | undefined)?.$ref
  const target = ref ? ajv.getSchema(`${name}${ref}`)?.schema : schema
  return (target as { format?: string } | undefined)?.format === 'binary'
}

function escape(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}

import { readDocument } from '#http/api.ts'

/** A part of a schema, as far as tests read it. References have been followed. */
export interface Schema {
  type?: string
  properties?: Record<string, Schema>
  items?: Schema
  nullable?: boolean
  enum?: unknown[]
  additionalProperties?: unknown
}

/** A parameter of an operation. */
export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  schema: Schema
  example?: unknown
}

/** An operation of one of the documents, as tests go through all of them. */
export interface DeclaredOperation {
  api: 'v1' | 'v2'
  operationId: string
  method: string
  path: string
  parameters: Parameter[]
  body: { type: string; required: boolean; schema: Schema; example: unknown } | undefined
  /** A GET that does something (`x-acts`), which answers no HEAD. */
  acts: boolean
}

type Json = Record<string, unknown>

/** Every operation of both documents. */
export function everyOperation(): DeclaredOperation[] {
  return (['v1', 'v2'] as const).flatMap((api) => {
    const document = readDocument(api) as unknown as { paths: Record<string, Json> }
    return Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => method !== 'parameters')
        .map(([method, operation]): DeclaredOperation => {
          const read = readOperation(operation as Json, item, document)
          return Object.assign(read, { api, method: method.toUpperCase(), path })
        }),
    )
  })
}

function readOperation(operation: Json, item: Json, document: object) {
  const follow = (value: unknown) => resolve(document, value)
  const { content = {}, required = false } = (follow(operation.requestBody) ?? {}) as {
    content?: Json
    required?: boolean
  }
  const [type] = Object.keys(content)
  const { schema, example } = (type === undefined ? {} : content[type]) as Json
  return {
    operationId: operation.operationId as string,
    parameters: [
      ...((item.parameters ?? []) as unknown[]),
      ...((operation.parameters ?? []) as unknown[]),
    ].map((parameter) => follow(parameter) as Parameter),
    acts: operation['x-acts'] === true,
    body:
      type === undefined
        ? undefined
        : { type, required, schema: follow(schema) as Schema, example },
  }
}

/** A value of a document with every reference in it followed; the request schemas have no circles. */
function resolve(document: object, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => resolve(document, each))
  if (typeof value !== 'object' || value === null) return value
  if ('$ref' in value) {
    const parts = String(value.$ref).slice(2).split('/')
    const found = parts.reduce<unknown>(
      (node, part) => (node as Json)[part.replaceAll('~1', '/')],
      document,
    )
    return resolve(document, found)
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, resolve(document, each)]),
  )
}

/** Path and query of an operation from its examples; `raw` values go in as they are, unescaped. */
export function targetOf(
  { path, parameters }: DeclaredOperation,
  raw: Record<string, string> = {},
): string {
  const example = ({ name, example: value }: Parameter) => raw[name] ?? encodeURI(String(value))
  const filled = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) =>
    example(parameters.find((each) => each.in === 'path' && each.name === name)!),
  )
  const query = parameters
    .filter((each) => each.in === 'query' && (each.required || each.name in raw))
    .map((each) => `${encodeURIComponent(each.name)}=${example(each)}`)
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`
}

/** Where a schema takes a kind of value: the keys that lead there, from the root. */
export function placesOf(
  schema: Schema,
  type: string | undefined,
  path: string[] = [],
): string[][] {
  const here = type === undefined || schema.type === type ? [path] : []
  const inside = Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    placesOf(property, type, [...path, key]),
  )
  const items = schema.items ? placesOf(schema.items, type, [...path, '0']) : []
  return [...here, ...inside, ...items]
}

/** A copy of a JSON value with another value at a place. */
export function withValue(
  value: unknown,
  [key, ...rest]: readonly string[],
  inner: unknown,
): unknown {
  if (key === undefined) return inner
  if (Array.isArray(value) || key === '0')
    return [withValue((value as unknown[] | undefined)?.[0], rest, inner)]
  const object = (value ?? {}) as Json
  return { ...object, [key]: withValue(object[key], rest, inner) }
}

/** A copy of a body with one field more, in its first item when it is a list. */
export function withField(body: unknown, name: string, inner: unknown): unknown {
  return withValue(body, Array.isArray(body) ? ['0', name] : [name], inner)
}

/** The part of a schema for a place. */
export function schemaAt(schema: Schema, place: readonly string[]): Schema {
  return place.reduce((part, key) => part.properties?.[key] ?? part.items!, schema)
}

/** What a body holds at a place; undefined when it ends before. */
export function valueAt(body: unknown, place: readonly string[]): unknown {
  return place.reduce((value, key) => (value as Json | undefined)?.[key], body)
}

import { resolve, type OpenApiDocument } from '../generate/document.ts'
import type { Rule } from './rules.ts'

interface Schema {
  type?: string
  format?: string
  pattern?: string
  enum?: unknown[]
  maxLength?: number
  maxItems?: number
  maxProperties?: number
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  items?: Schema
  allOf?: Schema[]
  oneOf?: Schema[]
  anyOf?: Schema[]
}

/** What callers send has a bound in the document: texts, lists, and objects with keys of the caller's. */
export const inputIsBounded: Rule = ({ operation, pathItem }, document) => {
  const parameters = [...(pathItem.parameters ?? []), ...(operation.parameters ?? [])]
    .map((parameter) => resolve(document, parameter))
    .flatMap(({ name, schema }) => unbounded(`parameter ${name}`, schema as Schema, document))
  const { content = {} } = operation.requestBody ? resolve(document, operation.requestBody) : {}
  const bodies = Object.values(content).flatMap(({ schema }) =>
    unbounded('body', schema as Schema, document),
  )
  return [...parameters, ...new Set(bodies)]
}

function unbounded(place: string, given: Schema | undefined, document: OpenApiDocument): string[] {
  if (given === undefined) return []
  const schema = resolve(document, given)
  const { type, properties = {}, additionalProperties: more, items } = schema
  const faults: string[] = []
  if (type === 'string' && !isShort(schema)) faults.push(`${place} lacks maxLength`)
  if (type === 'array' && schema.maxItems === undefined) faults.push(`${place} lacks maxItems`)
  if (type === 'object' && more && schema.maxProperties === undefined)
    faults.push(`${place} lacks maxProperties`)
  const inside = (part: string, inner?: Schema) => unbounded(place + part, inner, document)
  return [
    ...faults,
    ...Object.entries(properties).flatMap(([key, property]) => inside(`.${key}`, property)),
    ...(typeof more === 'object' ? inside('.*', more) : []),
    ...inside('[]', items),
    ...[schema.allOf, schema.oneOf, schema.anyOf].flatMap((parts = []) =>
      parts.flatMap((part) => inside('', part)),
    ),
  ]
}

/** A binary body has the limit of its operation, and not one of the document. */
function isShort({ maxLength, enum: values, format, pattern }: Schema): boolean {
  return (
    maxLength !== undefined ||
    values !== undefined ||
    format === 'uuid' ||
    format === 'binary' ||
    (pattern !== undefined && /^\^.*\$$/.test(pattern) && !/[^\\][*+]|\{\d+,\}/.test(pattern))
  )
}

import { Ajv } from 'ajv'
import formats from 'ajv-formats'

import type { Json, MediaType, OpenApiDocument } from '../generate/document.ts'

interface PlacedExample {
  /** JSON pointer of the schema. */
  schema: string
  place: string
  value: Json
}

/**
 * Gives the examples of media types, parameters and headers that break their schema, injected responses included. Those
 * inside schemas are left to Redocly.
 */
export function findBrokenExamples(document: OpenApiDocument): string[] {
  // `nullable` is one of Ajv's own keywords; the rest of OpenAPI's vocabulary says nothing about values.
  const ajv = new Ajv({ strict: false, validateSchema: false, logger: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema(document, 'document')
  return [...placedExamples(document, '')].flatMap(({ schema, place, value }) => {
    const validate = ajv.getSchema(`document#${schema}`)
    if (!validate) return [`${place}: its schema cannot be compiled`]
    return validate(value)
      ? []
      : [
          `${place}: the example breaks its schema: ${ajv.errorsText(validate.errors, { dataVar: 'it' })}`,
        ]
  })
}

/** Walks everything but schemas and the examples themselves. */
function* placedExamples(value: unknown, pointer: string): Generator<PlacedExample> {
  if (typeof value !== 'object' || value === null) return
  const { schema, example, examples = {} } = value as MediaType
  const values = Object.values(examples).flatMap((named) =>
    'value' in named ? [named.value as Json] : [],
  )
  if (schema)
    for (const each of example === undefined ? values : [example, ...values])
      yield { schema: `${pointer}/schema`, place: readable(pointer), value: each }
  for (const [key, inner] of Object.entries(value))
    if (!['schema', 'schemas', 'example', 'examples'].includes(key))
      yield* placedExamples(
        inner,
        `${pointer}/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`,
      )
}

function readable(pointer: string): string {
  return decodeURIComponent(pointer)
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/'))
    .join(' ')
}

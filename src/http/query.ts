import type { Operation } from 'openapi-backend'

import { RegistryError } from '#domain/errors.ts'
import { isStorable } from '#domain/text.ts'

interface QueryParameter {
  in: string
  name: string
  schema?: { type?: string }
}

/** No operation has a use for more; going through them takes time. */
const maxParameters = 1_000

const integerPattern = /^[+-]?\d+$/

/** What Quay takes for false in a query; everything else is true. */
const falseWords = new Set(['false', 'False', 'FALSE', '0', '', 'null'])

/**
 * Reads a query string as the operation declares it: arrays collect repeated parameters, booleans follow
 * Quay's rule. A parameter that is repeated without being an array stays one, so that validation refuses it.
 * Throws `invalid_request` for too many parameters, and for characters that cannot be kept.
 */
export function parseQuery(
  search: string,
  operation: Operation | undefined,
): Record<string, unknown> {
  const query: Record<string, unknown> = Object.create(null)
  if (search === '') return query
  const declared = (operation?.parameters ?? []) as QueryParameter[]
  const given = new URLSearchParams(search)
  if (given.size > maxParameters)
    throw new RegistryError(
      'invalid_request',
      `the query has ${given.size} parameters; at most ${maxParameters} are read`,
    )
  for (const name of new Set(given.keys())) {
    const values = given.getAll(name)
    if (![name, ...values].every(isStorable))
      throw new RegistryError(
        'invalid_request',
        `the query holds U+0000 (%00), which means nothing`,
      )
    const type = declared.find((each) => each.in === 'query' && each.name === name)?.schema?.type
    query[name] = type === 'array' || values.length > 1 ? values : values[0]
    if (type === 'boolean' && values.length === 1)
      query[name] = !falseWords.has(values[0] as string)
    // The validator would take a blank for 0, `0x10` for 16 and `1e400` for infinity; NaN it refuses.
    if (type === 'integer' && values.length === 1 && !integerPattern.test(values[0] as string))
      query[name] = Number.NaN
  }
  return query
}

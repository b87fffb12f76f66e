import type { Operation } from 'openapi-backend'

interface QueryParameter {
  in: string
  name: string
  schema?: { type?: string }
}

/** What Quay takes for false in a query; everything else is true. */
const falseWords = new Set(['false', 'False', 'FALSE', '0', '', 'null'])

/**
 * Reads a query string as the operation declares it: arrays collect repeated parameters, booleans follow
 * Quay's rule. A parameter that is repeated without being an array stays one, so that validation refuses it.
 */
export function parseQuery(
  search: string,
  operation: Operation | undefined,
): Record<string, unknown> {
  const query: Record<string, unknown> = Object.create(null)
  if (search === '') return query
  const declared = (operation?.parameters ?? []) as QueryParameter[]
  const given = new URLSearchParams(search)
  for (const name of new Set(given.keys())) {
    const values = given.getAll(name)
    const type = declared.find((each) => each.in === 'query' && each.name === name)?.schema?.type
    query[name] = type === 'array' || values.length > 1 ? values : values[0]
    if (type === 'boolean' && values.length === 1)
      query[name] = !falseWords.has(values[0] as string)
  }
  return query
}

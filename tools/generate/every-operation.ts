import { operationsOf, resolve, type Components, type OpenApiDocument } from './document.ts'
import type { Ref, Response } from './document.ts'

type Responses = Record<string, Ref | Response>

/** Responses that a document says once for all of its operations, under `x-every-operation`. */
export interface EveryOperation {
  /** For all operations. */
  responses?: Responses
  /** For operations with a request body. */
  withBody?: Responses
}

const carrier = '/x-every-operation'

/**
 * Gives the source of a document with its `x-every-operation` moved into a path item. Redocly resolves no
 * references inside extensions; in a path item it brings the responses along like any other.
 */
export function carryEveryOperation(source: Record<string, unknown>): Record<string, unknown> {
  const { 'x-every-operation': every, ...document } = source
  if (every === undefined) return source
  const { responses = {}, withBody = {} } = every as EveryOperation
  const item = { get: { responses }, post: { responses: withBody } }
  return { ...document, paths: { ...(document['paths'] as object), [carrier]: item } }
}

/** Puts the carried responses into every operation that does not declare their status itself. */
export function injectEveryOperation(document: OpenApiDocument): OpenApiDocument {
  const { [carrier]: carried, ...paths } = document.paths
  const every = { responses: carried?.get?.responses, withBody: carried?.post?.responses }
  for (const { operation, method } of operationsOf({ paths })) {
    const added = { ...every.responses, ...(operation.requestBody ? every.withBody : {}) }
    const fitting = method === 'head' ? withoutContent(document, added) : added
    operation.responses = { ...fitting, ...operation.responses }
  }
  return withoutUnused({ ...document, paths })
}

/** The answer to HEAD has no body (RFC 9110, section 9.3.2). */
function withoutContent(document: OpenApiDocument, responses: Responses): Responses {
  const bare = Object.entries(responses).map(([status, response]) => {
    const { content: _, ...rest } = resolve(document, response)
    return [status, rest] as const
  })
  return Object.fromEntries(bare)
}

/** Drops the components that nothing refers to any more; security schemes are named, not referred to. */
function withoutUnused(document: OpenApiDocument): OpenApiDocument {
  const used = new Set<string>()
  collectRefs(document, document.paths, used)
  const components: Components = {}
  for (const [kind, entries] of Object.entries(document.components ?? {})) {
    const kept = Object.entries(entries).filter(
      ([name]) => kind === 'securitySchemes' || used.has(`${kind}/${name}`),
    )
    if (kept.length > 0) components[kind] = Object.fromEntries(kept)
  }
  return { ...document, components }
}

/** Mappings of a discriminator are references too, though not under `$ref`. */
function collectRefs(document: OpenApiDocument, value: unknown, used: Set<string>): void {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) collectRefs(document, inner, used)
  const [, kind, name] = /^#\/components\/([^/]+)\/([^/]+)/.exec(String(value)) ?? []
  if (kind === undefined || name === undefined || used.has(`${kind}/${name}`)) return
  used.add(`${kind}/${name}`)
  collectRefs(document, document.components?.[kind]?.[name], used)
}

import { OpenAPIRouter, type Operation, type ParsedRequest, type Request } from 'openapi-backend'

import { RegistryError } from '#domain/errors.ts'
import { isStorable } from '#domain/text.ts'

interface Route {
  path: string
  /** Undefined: the path has no parameters and is looked up whole. */
  pattern: RegExp | undefined
  names: string[]
  methods: Map<string, Operation>
}

/** True for a GET that does something (`x-acts`): programs that look at links in mails ask with HEAD, which it does not answer. */
export function acts(operation: Operation | undefined): boolean {
  return (operation as { 'x-acts'?: boolean } | undefined)?.['x-acts'] === true
}

/** Path parameters that no log holds: one-time codes, and addresses of people. */
const secretNames: ReadonlySet<string> = new Set(['code', 'email'])

/** What a path matched: its route and the raw, still encoded parameters. */
interface Match {
  route: Route
  values: string[]
}

/** A request on its way through openapi-backend; parsed once, whoever asks. */
export interface RoutedRequest extends Request {
  /** Path parameters, decoded; put there when the operation is known. */
  params?: Record<string, string>
  parsedQuery: Record<string, unknown>
}

/**
 * Takes the place of openapi-backend's router, which walks all operations and compiles their expressions on
 * each request. Paths without parameters are found whole; the others are tried in the bucket of the literal
 * text before their first parameter, longest literal first. A parameter marked `x-multi-segment` spans
 * slashes. Matching goes before decoding, so that `%2F` in a value is never taken for a separator.
 */
export class IndexedRouter extends OpenAPIRouter {
  readonly #operations: Operation[]
  readonly #byId: Map<string, Operation>
  readonly #exact = new Map<string, Route>()
  readonly #patterns: { prefix: string; routes: Route[] }[] = []

  constructor(options: { definition: OpenAPIRouter['definition'] }) {
    super({ ...options, apiRoot: '/', ignoreTrailingSlashes: false })
    this.#operations = super.getOperations()
    this.#byId = new Map(
      this.#operations.map((operation) => [operation.operationId ?? '', operation]),
    )
    const routes = new Map<string, Route>()
    for (const operation of this.#operations) {
      const route = routes.get(operation.path) ?? makeRoute(operation)
      routes.set(operation.path, route)
      route.methods.set(operation.method, operation)
    }
    this.#index([...routes.values()])
  }

  #index(routes: Route[]): void {
    const buckets = new Map<string, Route[]>()
    for (const route of routes) {
      if (!route.pattern) this.#exact.set(route.path, route)
      else {
        const prefix = route.path.slice(0, route.path.indexOf('{'))
        buckets.set(prefix, [...(buckets.get(prefix) ?? []), route])
      }
    }
    for (const [prefix, bucket] of buckets)
      this.#patterns.push({
        prefix,
        routes: bucket.toSorted((a, b) => literalLength(b.path) - literalLength(a.path)),
      })
    this.#patterns.sort((a, b) => b.prefix.length - a.prefix.length)
  }

  #match(path: string): Match | undefined {
    const exact = this.#exact.get(path)
    if (exact) return { route: exact, values: [] }
    for (const { prefix, routes } of this.#patterns) {
      if (!path.startsWith(prefix)) continue
      for (const route of routes) {
        const found = route.pattern?.exec(path)
        if (found) return { route, values: found.slice(1) }
      }
    }
    return undefined
  }

  override getOperations(): Operation[] {
    return this.#operations
  }

  override getOperation(operationId: string): Operation | undefined {
    return this.#byId.get(operationId)
  }

  override matchOperation(request: Request): Operation | undefined
  override matchOperation(request: Request, strict: boolean): Operation
  override matchOperation(request: Request, strict = false): Operation | undefined {
    const match = this.#match(request.path)
    const operation = match?.route.methods.get(request.method.toLowerCase())
    if (match && operation) {
      const { names } = match.route
      request.params = Object.fromEntries(
        match.values.map((value, index) => [names[index], decodeValue(value)]),
      )
      return operation
    }
    if (strict) throw new Error(match ? '405-methodNotAllowed' : '404-notFound')
    return undefined
  }

  /** The methods that a path takes, for `Allow`: a GET answers HEAD too, unless it does something. Empty when no path matches. */
  methodsOf(path: string): string[] {
    const declared = [...(this.#match(path)?.route.methods ?? [])]
    const names = declared.flatMap(([method, operation]) =>
      method === 'get' && !acts(operation) ? ['GET', 'HEAD'] : [method.toUpperCase()],
    )
    return [...new Set(names)]
  }

  /** A path as the log may hold it, whatever the method: where a secret stands, there is its name. */
  pathForLog(path: string): string {
    const match = this.#match(path) ?? this.#match(path.replace(/\/$/, ''))
    if (!match?.route.names.some((name) => secretNames.has(name))) return path
    const values = match.values.values()
    return match.route.path.replaceAll(/\{([^}]+)\}/g, (placeholder, name: string) => {
      const { value } = values.next()
      return secretNames.has(name) ? placeholder : (value ?? placeholder)
    })
  }

  override parseRequest(request: Request): ParsedRequest {
    return {
      method: request.method,
      path: request.path,
      params: request.params ?? {},
      query: (request as RoutedRequest).parsedQuery,
      headers: request.headers,
      cookies: {},
      requestBody: request.body,
    }
  }
}

/** Throws `URIError` for a broken escape and `invalid_request` for a character that no name holds. */
function decodeValue(value: string): string {
  const text = decodeURIComponent(value)
  if (isStorable(text)) return text
  throw new RegistryError('invalid_request', 'the path holds U+0000 (%00), which no name does')
}

function literalLength(path: string): number {
  return path.replaceAll(/\{[^}]*\}/g, '').length
}

function makeRoute(operation: Operation): Route {
  const names: string[] = []
  const source = operation.path.replaceAll(/\{([^}]+)\}|[^{]+/g, (text, name?: string) => {
    if (name === undefined) return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    names.push(name)
    return isMultiSegment(operation, name) ? '([^/]+(?:/[^/]+)*)' : '([^/]+)'
  })
  return {
    path: operation.path,
    pattern: names.length === 0 ? undefined : new RegExp(`^${source}$`),
    names,
    methods: new Map(),
  }
}

function isMultiSegment(operation: Operation, name: string): boolean {
  const parameters = (operation.parameters ?? []) as {
    name: string
    in: string
    'x-multi-segment'?: boolean
  }[]
  return parameters.some(
    (parameter) =>
      parameter.in === 'path' && parameter.name === name && parameter['x-multi-segment'] === true,
  )
}

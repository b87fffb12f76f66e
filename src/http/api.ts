import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import addFormatsModule from 'ajv-formats'
import { OpenAPIBackend, type Context, type Document } from 'openapi-backend'

import { RegistryError } from '#domain/errors.ts'
import type { UploadSource } from '#domain/content.ts'
import type { Principal } from '#domain/principal.ts'
import { isRepositoryName } from '#domain/name.ts'
import { handlers } from '#handlers/index.ts'
import { basic } from '#security/basic.ts'
import { identify, nobody } from '#security/identify.ts'
import { enterWithBody } from '#security/body-checks.ts'
import { demandFeatures, enter, readPermissions, type Entry } from '#security/gate.ts'
import { refuse, withScope } from '#security/refusal.ts'
import { oauthToken } from '#security/oauth-token.ts'
import { robotFederation } from '#security/robot-federation.ts'
import { registryToken } from '#security/registry-token.ts'
import type { Scheme, SecurityDeps } from '#security/scheme.ts'
import { serviceKey } from '#security/service-token.ts'
import { csrf, session } from '#security/session.ts'
import type { Deps } from '#deps.ts'
import { readBody } from './body.ts'
import type { Exchange, HandlerReply } from './exchange.ts'
import { acts, IndexedRouter, type RoutedRequest } from './indexed-router.ts'
import type { Metrics } from './metrics.ts'
import { parseQuery } from './query.ts'
import { codeOfValidation, explainValidation } from './validation.ts'

const addFormats = addFormatsModule as unknown as (ajv: Ajv) => Ajv
const schemes: Record<string, Scheme> = {
  session,
  csrf,
  oauthToken,
  registryToken,
  basic,
  serviceKey,
  robotFederation,
}
const permissions = readPermissions()

/** What serving a document needs. */
export interface ApiDeps extends Deps, SecurityDeps {
  metrics: Metrics
  /** How long a client may keep the body of a request waiting; 25 seconds when it is left out. */
  bodyTimeoutMs?: number | undefined
}

export type DocumentName = 'v1' | 'v2'

/** One of the two documents, served. */
export interface Api {
  /** Answers a request, or undefined when no path of the document matches. Throws refusals. */
  handle(exchange: Exchange): Promise<HandlerReply | undefined>
  /** A path without the secrets that it may hold. */
  pathForLog(path: string): string
}

/** Reads a bundled document from `generated/`. */
export function readDocument(name: DocumentName): Document {
  return JSON.parse(readFileSync(new URL(`../../generated/${name}.json`, import.meta.url), 'utf8'))
}

/** Binds handlers, schemes and gate to the operations of a document. */
export async function openApi(
  name: DocumentName,
  definition: Document,
  deps: ApiDeps,
): Promise<Api> {
  const { api, router } = await openBackend(name, definition)
  bindSteps(api, router, deps)
  bindHandlers(api, router, deps)
  return {
    pathForLog: (path) => router.pathForLog(path),
    async handle(exchange) {
      const { incoming } = exchange
      const [path, search] = splitUrl(incoming.url ?? '/')
      const request: RoutedRequest = {
        method: incoming.method ?? 'GET',
        path,
        headers: incoming.headers as Record<string, string>,
        parsedQuery: {},
      }
      if (request.method === 'HEAD') request.method = methodForHead(router, request)
      exchange.request = request
      const operation = router.matchOperation(request)
      if (operation) exchange.operationId = operation.operationId as string
      else if (request.method === 'OPTIONS') return answerOptions(router.methodsOf(path))
      request.parsedQuery = parseQuery(search, operation)
      return (await api.handleRequest(request, exchange)) as HandlerReply | undefined
    },
  }
}

/** A GET answers HEAD too, where the document declares no HEAD of its own; but not a GET that does something. */
function methodForHead(router: IndexedRouter, request: RoutedRequest): 'HEAD' | 'GET' {
  if (router.matchOperation(request)) return 'HEAD'
  return acts(router.matchOperation({ ...request, method: 'GET' })) ? 'HEAD' : 'GET'
}

/** The methods of a path, and with the CORS headers the answer to a preflight. */
function answerOptions(methods: string[]): HandlerReply | undefined {
  if (methods.length === 0) return undefined
  return { status: 200, headers: { Allow: [...methods, 'OPTIONS'].join(', ') } }
}

/** Compiled request validators by document: a second registry in the process, as in tests, compiles none again. */
const compiled: Partial<Record<DocumentName, OpenAPIBackend['validator']['requestValidators']>> = {}

async function openBackend(name: DocumentName, definition: Document) {
  const ajvs: Record<string, Ajv> = {}
  const api = new OpenAPIBackend({
    definition,
    quick: true,
    strict: true,
    // One Ajv a purpose: a new one for each operation would cost seconds at start.
    customizeAjv: (_, options, purpose) =>
      (ajvs[String(purpose)] ??= addFormats(
        new Ajv({ ...options, validateSchema: false, useDefaults: true }),
      )) as never,
  })
  await api.init()
  api.validator.requestValidators = compiled[name] ??= api.validator.requestValidators
  const router = new IndexedRouter({ definition: api.definition as never })
  api.router = router as never
  api.validator.router = router as never
  return { api, router }
}

/** What happens to every request: schemes and gate before the body is read, and the refusals of the matching. */
function bindSteps(api: OpenAPIBackend, router: IndexedRouter, deps: ApiDeps): void {
  for (const name of Object.keys(api.definition.components?.securitySchemes ?? {}))
    api.registerSecurityHandler(name, (_: Context, exchange: Exchange) =>
      schemes[name]!(exchange.source, deps),
    )
  api.register({
    postSecurityHandler: (context: Context, exchange: Exchange) => admit(context, exchange, deps),
    preOperationHandler: (context: Context, exchange: Exchange) =>
      admitBody(context, exchange, deps),
    validationFail: ({ validation }: Context) => {
      const errors = validation.errors ?? []
      throw new RegistryError(codeOfValidation(errors), explainValidation(errors))
    },
    notFound: () => undefined,
    methodNotAllowed: ({ request }: Context) => {
      throw new RegistryError('method_not_allowed', `this path does not take ${request.method}`, {
        headers: { Allow: router.methodsOf(request.path).join(', ') },
      })
    },
    unauthorizedHandler: () => {
      throw new RegistryError('internal', 'the gate let an unauthorized call pass')
    },
  })
}

function bindHandlers(api: OpenAPIBackend, router: IndexedRouter, deps: Deps): void {
  for (const { operationId } of router.getOperations()) {
    const handler = handlers[operationId as keyof typeof handlers] as (
      call: unknown,
      deps: Deps,
    ) => unknown
    api.register(operationId as string, (context: Context, exchange: Exchange) =>
      handler(callOf(context, exchange), deps),
    )
  }
}

function splitUrl(url: string): [path: string, search: string] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
}

/** After the schemes have run: who is asking, may they, and only then the body. */
async function admit(context: Context, exchange: Exchange, deps: ApiDeps): Promise<void> {
  const operation = permissions.get(context.operation.operationId as string)!
  demandFeatures(operation, deps)
  await letIn(context, exchange, deps)
  const askedAt = performance.now()
  const body = await readBody(exchange.incoming, context.operation, {
    maxBytes: deps.config.MAXIMUM_LAYER_SIZE,
    timeoutMs: deps.bodyTimeoutMs,
    received: (bytes) => deps.metrics.transferred('in', bytes),
  })
  const again = () => letInAgain(context, exchange, deps)
  if (isStreamed(body)) {
    // Bodies that stream are not openapi-backend's business; one that is taken whole has been waited for.
    const { bytes } = body
    body.bytes = async (maxBytes) => {
      const taken = await bytes(maxBytes)
      if (performance.now() - askedAt > slowBodyMs) await again()
      return taken
    }
  } else {
    exchange.request!.body = body
    if (performance.now() - askedAt > slowBodyMs) await again()
  }
  exchange.body = body
}

/** A client that keeps its body back for longer may have lost its rights meanwhile, and is asked again. */
const slowBodyMs = 100

/** Asks who it is and whether they may. */
async function letIn(context: Context, exchange: Exchange, deps: SecurityDeps): Promise<void> {
  const principal = readPrincipal(context, exchange)
  exchange.principal = principal ?? nobody
  const entry = entryOf(context, exchange)
  if (!principal) throw refuse(entry)
  exchange.target = await enter(entry, deps)
}

/** The same once more, with what the credentials are worth now. */
async function letInAgain(context: Context, exchange: Exchange, deps: SecurityDeps): Promise<void> {
  const { security } = permissions.get(context.operation.operationId as string)!
  const names = new Set(security.flatMap((alternative) => Object.keys(alternative)))
  const results: Record<string, unknown> = {}
  for (const name of names)
    try {
      results[name] = await schemes[name]!(exchange.source, deps)
    } catch (error) {
      results[name] = { error }
    }
  context.security = results as Context['security']
  await letIn(context, exchange, deps)
}

/** Who is asking, by `identify`; the refusal of a bad credential names the scope that another one needs. */
function readPrincipal(context: Context, exchange: Exchange): Principal | undefined {
  const entry = entryOf(context, { ...exchange, principal: nobody })
  try {
    return identify(context.security, entry.operation.security)
  } catch (error) {
    throw withScope(error, entry)
  }
}

function isStreamed(body: unknown): body is UploadSource {
  return typeof (body as UploadSource | undefined)?.into === 'function'
}

function entryOf(context: Context, exchange: Exchange): Entry {
  return {
    operation: permissions.get(context.operation.operationId as string)!,
    principal: exchange.principal!,
    params: context.request.params as Record<string, string>,
    host: exchange.facts.host,
    mountFrom: mountFromOf(context),
  }
}

/** A source that is no repository name would make a scope that no token is given for. */
function mountFromOf({ request, operation }: Context): string | undefined {
  const { mount, from } = request.query
  const isMount = operation.operationId === 'startBlobUpload' && mount !== undefined
  return isMount && typeof from === 'string' && isRepositoryName(from) ? from : undefined
}

/** Rights that depend on the validated body. */
async function admitBody(context: Context, exchange: Exchange, deps: SecurityDeps): Promise<void> {
  const entry = entryOf(context, exchange)
  const { body, target, source } = exchange
  const { query } = context.request
  exchange.target = await enterWithBody({ entry, query, body, source, target }, deps)
}

function callOf(context: Context, exchange: Exchange): unknown {
  const { facts, userAgent, principal, target, source } = exchange
  return {
    params: context.request.params,
    query: context.request.query,
    headers: context.request.headers,
    body: exchange.body,
    target,
    actor: { ...principal, address: source.address, userAgent },
    request: facts,
    session: exchange.session,
  }
}

import Koa from 'koa'

import { RegistryError } from '#domain/errors.ts'
import { openApi, readDocument, type Api, type ApiDeps } from './api.ts'
import type { BlobWatch } from './blob-watch.ts'
import { renderOAuth2, renderTokenRefusal, renderV1, renderV2, toRegistryError } from './errors.ts'
import { setCorsHeaders } from './cors.ts'
import type { Exchange, HandlerReply } from './exchange.ts'
import { pageRouter } from './pages.ts'
import { renderPageRefusal } from './page-refusal.ts'
import { readFacts, toOriginForm } from './request-facts.ts'
import { send } from './send.ts'
import { readSession, sessionHandle, sessionMiddleware } from './sessions.ts'

/** What the app needs beside the handlers' dependencies. */
export interface AppDeps extends ApiDeps {
  secretKey: string
  watch: BlobWatch
}

/** What the outermost step needs. */
type AnswerDeps = AppDeps & Pick<Api, 'pathForLog'>

/** How a socket says that its other end is gone. */
const goneCodes = new Set(['ECONNRESET', 'EPIPE'])

/** Composes the request path: log and errors around everything, then session, documents, pages. */
export async function createApp(deps: AppDeps): Promise<Koa> {
  const app = new Koa()
  const documents = { v1: readDocument('v1'), v2: readDocument('v2') }
  const v1 = await openApi('v1', documents.v1, deps)
  const v2 = await openApi('v2', documents.v2, deps)
  const withSession = sessionMiddleware(app, deps, deps.secretKey)
  const pages = pageRouter(deps, documents)

  // No path of v2 holds a secret.
  app.use(answer({ ...deps, pathForLog: v1.pathForLog }))
  app.use(async (context, next) => {
    setCorsHeaders(context.req, context.res, context.path, deps.config)
    if (context.path.startsWith('/v2/') || context.path === '/v2') return serve(v2, context)
    context.cookies.secure = deps.config.PREFERRED_URL_SCHEME === 'https'
    await withSession(context, () => serve(v1, context, next))
  })
  app.use(pages.routes())
  app.on('error', (error: NodeJS.ErrnoException) => {
    // A client that goes away in the middle is no fault of the registry.
    const level = goneCodes.has(error.code ?? '') ? 'debug' : 'error'
    deps.log[level]({ err: error }, 'a response could not be sent')
  })
  return app

  async function serve(api: Api, context: Koa.Context, next?: Koa.Next): Promise<void> {
    const exchange = context.state.exchange as Exchange
    Object.assign(exchange.source, readSession(context.session as never))
    exchange.session = sessionHandle(context, deps)
    const reply = await api.handle(exchange)
    if (reply) context.state.reply = reply
    else if (next && !context.path.startsWith('/api/')) await next()
    else throw new RegistryError('not_found', `there is no path ${context.path.slice(0, 200)}`)
  }
}

/**
 * The outermost step: makes the exchange, sends what was answered or renders what was thrown, writes the log
 * line and counts. The session has been saved by the time headers go out.
 */
function answer(deps: AnswerDeps): Koa.Middleware {
  const reader = readFacts(deps.config)
  return async (context, next) => {
    const startedAt = performance.now()
    const { req: incoming, res: response } = context
    context.url = toOriginForm(context.url)
    let exchange: Exchange | undefined
    try {
      exchange = makeExchange(context, reader)
      context.state.exchange = exchange
      await next()
    } catch (error) {
      context.state.reply = render(context, exchange, toRegistryError(error), deps)
    }
    const reply = context.state.reply as HandlerReply | undefined
    const finished = () => record(context, exchange, startedAt, deps)
    if (!reply) {
      // A page: Koa sends it.
      response.once('close', finished)
      return
    }
    context.respond = false
    try {
      await send(incoming, response, reply, deps)
    } catch (error) {
      const refusal = render(context, exchange, toRegistryError(error), deps)
      if (!response.headersSent) {
        for (const name of response.getHeaderNames()) response.removeHeader(name)
        await send(incoming, response, refusal, deps)
      } else deps.log.error({ err: error, request: exchange?.facts.id }, 'an answer broke off')
    }
    finished()
  }
}

function makeExchange({ req }: Koa.Context, reader: ReturnType<typeof readFacts>): Exchange {
  const facts = reader.facts(req)
  return {
    incoming: req,
    facts,
    userAgent: (req.headers['user-agent'] ?? '').slice(0, 500),
    source: {
      authorization: req.headers.authorization,
      csrfHeader: req.headers['x-csrf-token']?.toString(),
      session: undefined,
      csrfToken: undefined,
      host: facts.host,
      baseUrl: facts.baseUrl,
      address: reader.address(req),
    },
    session: undefined as never,
  }
}

function render(
  context: Koa.Context,
  exchange: Exchange | undefined,
  error: RegistryError,
  { log, config, pathForLog }: AnswerDeps,
): HandlerReply {
  const facts = exchange?.facts ?? { id: '-', baseUrl: '', host: '', isBrowser: false }
  // Quay's 503 for a repository that takes no changes is a refusal like others.
  if (error.status >= 500 && error.code !== 'repository_not_normal')
    log.error(
      { err: error.options.cause ?? error, request: facts.id, path: pathForLog(context.path) },
      error.message,
    )
  if (exchange?.operationId === 'oauthAccessToken' && error.status < 500) return renderOAuth2(error)
  if (!context.path.startsWith('/v2'))
    return renderPageRefusal(context, exchange, { error, config }) ?? renderV1(error, facts)
  if (exchange?.operationId === 'exchangeToken' && error.status < 500) return renderOAuth2(error)
  if (exchange?.operationId === 'issueToken') return renderTokenRefusal(error, facts)
  return renderV2(error, facts)
}

function record(
  { req, res, path }: Koa.Context,
  exchange: Exchange | undefined,
  startedAt: number,
  { log, metrics, pathForLog }: AnswerDeps,
): void {
  const milliseconds = Math.round((performance.now() - startedAt) * 100) / 100
  const operationId = exchange?.operationId ?? 'none'
  metrics.observe({ operationId, status: res.statusCode, seconds: milliseconds / 1000 })
  log.info(
    {
      request: exchange?.facts.id,
      method: req.method,
      path: pathForLog(path),
      operation: operationId,
      status: res.statusCode,
      ms: milliseconds,
      user:
        exchange?.principal && 'username' in exchange.principal
          ? exchange.principal.username
          : undefined,
      address: exchange?.source.address,
    },
    'request',
  )
}

import type { Context } from 'koa'
import Router from 'koa-router'
import type { Document } from 'openapi-backend'

import { RegistryError } from '#domain/errors.ts'
import { renderAccount } from '#pages/account.ts'
import { assetFiles, logo, robots } from '#pages/asset-files.ts'
import { encodings, textAsset, type Asset } from '#pages/asset.ts'
import { docsFiles, renderDocs } from '#pages/docs.ts'
import { pageHeaders } from '#pages/headers.ts'
import { renderNotFound } from '#pages/not-found.ts'
import { renderWelcome } from '#pages/welcome.ts'
import { needsFirstUser } from '#services/first-user.ts'
import type { AppDeps } from './app.ts'
import type { Exchange } from './exchange.ts'

type Page = (context: Context & { params: Record<string, string> }) => Promise<void>

/** What no document describes: pages for people, their files, the documents themselves, metrics. */
export function pageRouter(deps: AppDeps, documents: { v1: Document; v2: Document }): Router {
  const { config, metrics } = deps
  const registry = config.REGISTRY_TITLE
  const v1 = documentAsset(withCookieName(documents.v1, config.SESSION_COOKIE_NAME))
  const v2 = documentAsset(documents.v2)
  const pages: Record<string, Page> = {
    '/': async (context) => sendHtml(context, await welcome(context, deps)),
    '/docs': async (context) => {
      const maybeSignedIn = exchangeOf(context).source.session !== undefined
      sendHtml(context, renderDocs({ registry, maybeSignedIn }), { inlineStyle: true })
    },
    // Where Quay's web page has the settings of an account; links in mails end here.
    '/user/:name': async (context) => sendHtml(context, renderAccount(registry)),
    '/docs/:file': (context) => sendFile(context, docsFiles, registry),
    '/assets/:file': (context) => sendFile(context, assetFiles, registry),
    '/favicon.ico': (context) => sendAsset(context, logo),
    '/robots.txt': (context) => sendAsset(context, robots),
    '/openapi/v1.json': (context) => sendAsset(context, v1),
    '/openapi/v2.json': (context) => sendAsset(context, v2),
    // Quay's liveness probe: the process answers, whatever it can do.
    '/_internal_ping': async (context) => {
      context.set({ ...pageHeaders(), 'Cache-Control': 'no-store' })
      context.type = 'text/plain; charset=utf-8'
      context.body = 'true'
    },
    '/metrics': async (context) => {
      context.set({ ...pageHeaders(), 'Cache-Control': 'no-store' })
      context.type = metrics.contentType
      context.body = await metrics.render()
    },
  }
  const router = new Router()
  for (const [path, page] of Object.entries(pages)) {
    router.get(path, page as Router.IMiddleware)
    router.all(path, refuseMethod)
  }
  return router.all('/{*path}', (context) => sendNotFound(context, registry))
}

const exchangeOf = (context: Context) => context.state.exchange as Exchange

async function welcome(context: Context, deps: AppDeps): Promise<string> {
  const { REGISTRY_TITLE, FEATURE_USER_INITIALIZE, FEATURE_USER_CREATION } = deps.config
  const { baseUrl, host } = exchangeOf(context).facts
  const way = FEATURE_USER_INITIALIZE ? 'command-or-api' : 'command'
  const firstAccount = (await needsFirstUser(deps)) ? way : undefined
  return renderWelcome({
    registry: REGISTRY_TITLE,
    baseUrl,
    host,
    firstAccount,
    signUp: FEATURE_USER_CREATION,
  })
}

/** The document names the cookie under which this registry keeps its sessions. */
function withCookieName(document: Document, name: string): Document {
  const schemes = document.components?.securitySchemes
  const session = schemes?.['session']
  if (!session) return document
  const securitySchemes = { ...schemes, session: { ...session, name } }
  return { ...document, components: { ...document.components, securitySchemes } } as Document
}

function documentAsset(document: Document): Asset {
  return textAsset(JSON.stringify(document), 'application/json; charset=utf-8')
}

function sendHtml(context: Context, html: string, options?: { inlineStyle: boolean }): void {
  context.set({ ...pageHeaders(options), 'Cache-Control': 'no-store' })
  context.type = 'html'
  context.body = html
}

async function sendFile(
  context: Context & { params: Record<string, string> },
  files: ReadonlyMap<string, Asset>,
  registry: string,
): Promise<void> {
  const asset = files.get(context.params['file'] ?? '')
  if (asset) await sendAsset(context, asset)
  else sendNotFound(context, registry)
}

/**
 * Browsers keep it and ask each time whether it has changed, so that no page of a new version ever meets a script of
 * the old one.
 */
async function sendAsset(context: Context, asset: Asset): Promise<void> {
  const accepted = context.acceptsEncodings()
  const encoding = encodings.find((name) => accepted.includes(name)) ?? 'identity'
  const { bytes, etag } = await asset.encode(encoding)
  context.status = 200
  context.set({ ...pageHeaders(), 'Cache-Control': 'no-cache', ETag: etag })
  context.vary('Accept-Encoding')
  if (isKnown(context.get('If-None-Match'), etag)) {
    context.status = 304
    return
  }
  context.type = asset.type
  if (encoding !== 'identity') context.set('Content-Encoding', encoding)
  context.body = bytes
}

/** RFC 9110, 13.1.2. Koa's own `fresh` sends everything again to callers whose caches are off. */
function isKnown(ifNoneMatch: string, etag: string): boolean {
  const known = ifNoneMatch.split(',').map((entry) => entry.trim().replace(/^W\//, ''))
  return known.includes(etag) || known.includes('*')
}

function sendNotFound(context: Context, registry: string): void {
  if (context.accepts('json', 'html') !== 'html')
    throw new RegistryError('not_found', `there is no path ${context.path.slice(0, 200)}`)
  sendHtml(context, renderNotFound(registry, context.path))
  context.status = 404
}

function refuseMethod(context: Context): never {
  throw new RegistryError('method_not_allowed', `this path does not take ${context.method}`, {
    headers: { Allow: 'GET, HEAD' },
  })
}

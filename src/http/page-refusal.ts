import type { Context } from 'koa'

import type { RegistryError } from '#domain/errors.ts'
import { renderMessage } from '#pages/message.ts'
import type { Config } from '#config.ts'
import type { Exchange, HandlerReply } from './exchange.ts'

/** Operations that people meet in a browser; their document declares the answers as pages too. */
const pages = new Set([
  'oauthAuthorize',
  'oauthAuthorizeApp',
  'oauthDenyApp',
  'oauthAssignUser',
  'oauthLocalHandler',
])

/**
 * A refusal as a page, for a browser; undefined for everything else. Who must sign in first is sent to the page for
 * that, and comes back.
 */
export function renderPageRefusal(
  context: Context,
  exchange: Exchange | undefined,
  { error, config }: { error: RegistryError; config: Config },
): HandlerReply | undefined {
  const isPage = pages.has(exchange?.operationId ?? '') && context.query.format !== 'json'
  if (!isPage || error.status > 404 || context.accepts('json', 'html') !== 'html') return undefined
  if (error.status === 401 && context.method === 'GET' && config.FEATURE_DIRECT_LOGIN) {
    const next = new URLSearchParams({ next: context.url })
    return { status: 302, headers: { Location: `/signin?${next}`, 'Cache-Control': 'no-store' } }
  }
  const page = {
    registry: config.REGISTRY_TITLE,
    title: titles[error.status] ?? 'This does not work',
    text: `${error.message[0]?.toUpperCase()}${error.message.slice(1)}`,
  }
  return {
    status: error.status,
    type: 'text/html',
    headers: { 'Cache-Control': 'no-store', ...error.options.headers },
    body: renderMessage(page),
  }
}

const titles: Partial<Record<number, string>> = {
  401: 'Sign in first',
  403: 'You may not do this',
  404: 'Nothing is here',
}

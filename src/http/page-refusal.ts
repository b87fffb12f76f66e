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
  'answerInviteOnPage',
])

/** Forms of other pages: their documents declare a page for a form that was sent too late, and no other. */
const forms = new Set([
  'signinOnPage',
  'confirmEmailOnPage',
  'confirmRecoveryOnPage',
  'confirmRepoEmailOnPage',
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
  const operation = exchange?.operationId ?? ''
  const isStale = error.code === 'invalid_csrf_token'
  const isPage = pages.has(operation) || (isStale && forms.has(operation))
  if (
    !isPage ||
    context.query.format === 'json' ||
    error.status > 404 ||
    context.accepts('json', 'html') !== 'html'
  )
    return undefined
  if (error.status === 401 && context.method === 'GET' && config.FEATURE_DIRECT_LOGIN) {
    const next = new URLSearchParams({ next: context.url })
    return { status: 302, headers: { Location: `/signin?${next}` } }
  }
  const { title, text } = isStale ? stale : explain(error)
  const page = { registry: config.REGISTRY_TITLE, title, text }
  return {
    status: error.status,
    type: 'text/html',
    headers: { ...error.options.headers },
    body: renderMessage(page),
  }
}

const stale = {
  title: 'This page is too old',
  text: 'You have signed in or out since it was opened, or your browser keeps no cookies. Go back, load it again, and press the button once more.',
}

function explain({ status, message }: RegistryError) {
  const text = `${message[0]?.toUpperCase()}${message.slice(1)}`
  return { title: titles[status] ?? 'This does not work', text }
}

const titles: Partial<Record<number, string>> = {
  401: 'Sign in first',
  403: 'You may not do this',
  404: 'Nothing is here',
}

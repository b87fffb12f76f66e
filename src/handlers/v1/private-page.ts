import { renderMessage } from '#pages/message.ts'
import type { Deps } from '#deps.ts'

/** Pages behind codes are kept nowhere, and no address that holds a code is passed on. */
export const privateHeaders = {
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
} as const

/** A page behind a code. */
export function privatePage(body: string) {
  return { status: 200 as const, type: 'text/html' as const, headers: privateHeaders, body }
}

/** The same, which says something and asks nothing. */
export function privateMessage({ config }: Deps, message: { title: string; text: string }) {
  return privatePage(renderMessage({ registry: config.REGISTRY_TITLE, ...message }))
}

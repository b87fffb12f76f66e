/** Pages behind codes are kept nowhere, and no address that holds a code is passed on. */
export const privateHeaders = {
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
} as const

/** A page behind a code. */
export function privatePage(body: string) {
  return { status: 200 as const, type: 'text/html' as const, headers: privateHeaders, body }
}

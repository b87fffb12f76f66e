import { renderPage } from './layout.ts'
import { markup } from './markup.ts'

/**
 * The page that shows a token which stands in the fragment of its address. The fragment never reaches a server, so a
 * script of ours puts it into the page; `error` is told instead when there is no token.
 */
export function renderLocalToken(page: { registry: string; error: string | undefined }): string {
  const { registry, error } = page
  if (error !== undefined)
    return renderPage({
      registry,
      title: 'No token',
      main: markup`<h1>There is no token</h1>
<p>The request ended with <code>${error}</code>.</p>
<p><a href="/">To the start page</a></p>`,
    })
  return renderPage({
    registry,
    title: 'Your token',
    head: markup`<script defer src="/assets/local-token.js"></script>`,
    main: markup`<h1>Your token</h1>
<p>Copy it now: it is shown this once. Whoever has it can act as you within its scopes.</p>
<p role="status" id="token-status">There is no token in the address of this page.</p>
<pre id="token" tabindex="0" aria-label="Token" hidden></pre>
<noscript><p>Without scripts, copy it from the address of this page: it stands between <code>access_token=</code> and the next
<code>&amp;</code>.</p></noscript>`,
  })
}

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { fileAsset, type Asset } from './asset.ts'
import { renderPage } from './layout.ts'
import { markup } from './markup.ts'

/**
 * The page at `/docs`: Swagger UI over both documents. `maybeSignedIn` says that the request carried the cookie of a
 * sign-in; only then the page asks who it is, because asking in vain leaves an error in the browser's console.
 */
export function renderDocs({
  registry,
  maybeSignedIn,
}: {
  registry: string
  maybeSignedIn: boolean
}): string {
  return renderPage({
    registry,
    title: 'API docs',
    width: 'wide',
    head: markup`<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/docs.css">
<script defer src="/docs/swagger-ui-bundle.js"></script>
<script defer src="/docs/swagger-ui-standalone-preset.js"></script>
<script type="module" src="/docs/docs-init.js"></script>`,
    main: markup`<h1 class="unseen">API docs</h1>
<p id="sign-in" role="status" data-session="${maybeSignedIn ? 'maybe' : 'none'}"></p>
<noscript><p>This page is drawn by a script. Without one, read the documents themselves:
<a href="/openapi/v1.json">version 1</a>, <a href="/openapi/v2.json">version 2</a>.</p></noscript>
<div id="swagger-ui"></div>`,
  })
}

const swaggerFolder = dirname(
  createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'),
)
const javascript = 'text/javascript; charset=utf-8'
const css = 'text/css; charset=utf-8'

/** Files below `/docs/`, by name: four of Swagger UI's package, and ours. */
export const docsFiles: ReadonlyMap<string, Asset> = new Map([
  ['swagger-ui.css', fileAsset(join(swaggerFolder, 'swagger-ui.css'), css)],
  ['swagger-ui-bundle.js', fileAsset(join(swaggerFolder, 'swagger-ui-bundle.js'), javascript)],
  [
    'swagger-ui-standalone-preset.js',
    fileAsset(join(swaggerFolder, 'swagger-ui-standalone-preset.js'), javascript),
  ],
  ['docs.css', fileAsset(new URL('static/docs.css', import.meta.url), css)],
  ['docs-init.js', fileAsset(new URL('static/docs-init.js', import.meta.url), javascript)],
])

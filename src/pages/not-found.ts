import { renderPage } from './layout.ts'
import { markup } from './markup.ts'

/** What a browser sees where there is nothing. */
export function renderNotFound(registry: string, path: string): string {
  return renderPage({
    registry,
    title: 'Not found',
    main: markup`<h1>Nothing is here</h1>
<p>There is no page <code>${path.slice(0, 200)}</code>.</p>
<p><a href="/">To the start page</a>, or to the <a href="/docs">API docs</a>, which list every address that exists.</p>`,
  })
}

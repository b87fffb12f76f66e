import { renderPage } from './layout.ts'
import { markup } from './markup.ts'

/** A page that says one thing. */
export function renderMessage({
  registry,
  title,
  text,
}: {
  registry: string
  title: string
  text: string
}): string {
  return renderPage({
    registry,
    title,
    main: markup`<h1>${title}</h1>
<p>${text}</p>
<p><a href="/">To the start page</a></p>`,
  })
}

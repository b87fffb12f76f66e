import { markup, type Markup } from './markup.ts'

/** What every page has. */
export interface PageParts {
  /** Title of the registry (REGISTRY_TITLE). */
  registry: string
  /** Title of the page itself; the registry's follows it in the browser's tab. */
  title?: string
  /** Links and scripts of this page beside the shared stylesheet. */
  head?: Markup
  /** `wide`: content takes the window's width. */
  width?: 'wide'
  main: Markup
}

/** A whole HTML document: header with the way home, the content, nothing from another host. */
export function renderPage({ registry, title, head, width, main }: PageParts): string {
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title === undefined ? registry : `${title} · ${registry}`}</title>
<link rel="icon" type="image/svg+xml" href="/assets/compass.svg">
<link rel="stylesheet" href="/assets/pages.css">
${head}
</head>
<body class="${width ?? 'narrow'}">
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="brand" href="/"><img src="/assets/compass.svg" alt="" width="32" height="32">${registry}</a>
<nav aria-label="Main"><a href="/docs">API docs</a></nav>
</header>
<main id="content">
${main}
</main>
</body>
</html>
`
  return page.html
}

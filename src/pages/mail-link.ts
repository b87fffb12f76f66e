import { hiddenFields } from './consent.ts'
import { renderPage } from './layout.ts'
import { markup, type Markup } from './markup.ts'

/** What a browser asks before a link of a mail does what it is for. */
export interface MailLinkPage {
  /** Title of the registry (REGISTRY_TITLE). */
  registry: string
  title: string
  /** What the button does, and to whose account. */
  text: Markup
  button: string
  /** Path that the form goes to. */
  action: string
  code: string
  csrfToken: string
}

/** The page behind the link of a mail: one button, so that nothing happens to whoever merely opens it. */
export function renderMailLink(page: MailLinkPage): string {
  const { registry, title, text, button, action, code, csrfToken } = page
  return renderPage({
    registry,
    title,
    main: markup`<h1>${title}</h1>
<p>${text}</p>
<form method="post" action="${action}" class="decide">
${hiddenFields({ code, _csrf_token: csrfToken })}
<p>If you did not ask for this, close the page: nothing has happened.</p>
<div class="buttons"><button type="submit" class="main">${button}</button></div>
</form>`,
  })
}

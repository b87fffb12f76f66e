import type { ScopeView } from '#domain/oauth-scope.ts'
import { renderPage } from './layout.ts'
import { markup, type Markup } from './markup.ts'

/** What a person is asked. */
export interface ConsentPage {
  /** Title of the registry (REGISTRY_TITLE). */
  registry: string
  username: string
  application: { name: string; description: string; url: string; organization: string }
  scopes: readonly ScopeView[]
  /** Where the person goes on. */
  redirectUri: string
  /** Hidden fields of the form; those that are undefined are left out. */
  fields: Readonly<Record<string, string | undefined>>
}

/** The page on which a person lets an application act for them, or refuses. One form, two buttons, no script. */
export function renderConsent(page: ConsentPage): string {
  const { registry, username, application, scopes, redirectUri, fields } = page
  return renderPage({
    registry,
    title: `Authorize ${application.name}`,
    main: markup`<h1>Authorize ${application.name}?</h1>
<p class="lead"><strong>${application.name}</strong>, an application of <strong>${application.organization}</strong>, asks to act
as you, <strong>${username}</strong>.</p>
${about(application)}
<section aria-labelledby="scopes">
<h2 id="scopes">It will be able to</h2>
<ul class="scopes">
${scopes.map(scopeItem)}
</ul>
</section>
<form method="post" action="/oauth/authorizeapp" class="decide">
${hiddenFields(fields)}
<p>You go on to <code>${redirectUri}</code>. You can take the permission back at any time.</p>
<div class="buttons">
<button type="submit" class="main">Authorize</button>
<button type="submit" formaction="/oauth/denyapp">Cancel</button>
</div>
</form>`,
  })
}

/** Only web addresses become links. */
function about({ description, url }: ConsentPage['application']): Markup {
  const link = /^https?:\/\//i.test(url)
    ? markup`<p><a href="${url}" rel="noreferrer noopener" target="_blank">Its home page</a></p>`
    : undefined
  return markup`<p>${description}</p>${link}`
}

function scopeItem({ scope, title, description, dangerous }: ScopeView): Markup {
  const warning = dangerous ? markup` <strong class="danger">Far-reaching</strong>` : undefined
  return markup`<li><h3>${title} <code>${scope}</code>${warning}</h3><p>${description}</p></li>
`
}

/** Hidden fields of a form; those that are undefined are left out. */
export function hiddenFields(fields: Readonly<Record<string, string | undefined>>): Markup[] {
  return Object.entries(fields)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(
      ([name, value]) => markup`<input type="hidden" name="${name}" value="${value}">
`,
    )
}

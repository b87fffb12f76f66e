import { escapeHtml } from '#domain/text.ts'

/** HTML that is safe to send: made by `markup` only. */
export interface Markup {
  readonly html: string
}

/** Text is escaped; markup is taken as it is; a list is joined; undefined is left out. */
export type MarkupValue = string | Markup | readonly Markup[] | undefined

/** Template tag for HTML. Every text put in is escaped, for element content and quoted attributes alike. */
export function markup(parts: TemplateStringsArray, ...values: MarkupValue[]): Markup {
  return { html: parts.map((part, index) => part + show(values[index])).join('') }
}

function show(value: MarkupValue): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return escapeHtml(value)
  return 'html' in value ? value.html : value.map(({ html }) => html).join('')
}

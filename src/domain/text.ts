/**
 * True for text that can be kept: PostgreSQL holds no U+0000, and half of a surrogate pair is no character.
 * Asked once at the edge for everything that comes in, so that no handler has to.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand in HTML, as content of an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!)
}

/** True for a uuid as the API shows them; the database refuses other text where it expects one. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

/** Text as names are compared with it: in ASCII where it has accents, without white space, in lower case. */
export function simplify(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\p{Mark}\s]/gu, '')
    .toLowerCase()
}

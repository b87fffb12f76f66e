import { RegistryError } from './errors.ts'

/** Visible ASCII without `\` and `#`: what parsers of addresses read differently, or leave out, is not taken. */
const plainCharacters = /^[\x21\x22\x24-\x5b\x5d-\x7e]+$/
/** `com.example.app:` (RFC 8252, 7.1). Schemes that browsers run or open by themselves have no dot. */
const ownScheme = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/
/** Names and addresses; what else URL takes for a host could break out of a Content-Security-Policy. */
const hostPattern = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/

/** The address when people can be sent there: absolute, http(s) or an application's own scheme, nobody's credentials in it. */
function readAddress(text: string): URL | undefined {
  if (!plainCharacters.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:'
  if (url.username !== '' || url.password !== '') return undefined
  if (isWeb) return hostPattern.test(url.hostname) ? url : undefined
  return ownScheme.test(url.protocol) ? url : undefined
}

/**
 * Checks the redirect URI of an application; empty: none. Text that is no absolute address is kept as it is, and leads
 * nowhere (`isRegisteredUri`). Throws `invalid_request` for an address that nobody may be sent to.
 */
export function parseRedirectUri(text: string): string {
  if (!URL.canParse(text) || readAddress(text)) return text
  throw new RegistryError(
    'invalid_request',
    'people are sent to http and https alone, or to a scheme of your own such as com.example.app:/callback, without a fragment: give such a redirect_uri',
  )
}

const segmentPattern = /^[\w.~!$&'()*+,;=:-]*$/

/** A path below a prefix, and maybe a query: nothing that could lead elsewhere, as `..`, `//`, `@` and escapes could. */
function isPlainPath(text: string): boolean {
  const [path = '', query = ''] = text.split(/\?(.*)/, 2)
  const segments = path.split('/')
  const isPlain = (segment: string, index: number) =>
    segmentPattern.test(segment) &&
    !['.', '..'].includes(segment) &&
    (segment !== '' || index === segments.length - 1)
  return segments.every(isPlain) && !/[@%]/.test(query)
}

/**
 * True when people may be sent to the address that was asked for: the one that the application has registered, letter
 * by letter (RFC 9700, 2.1). One that ends in `/` is a prefix, as every redirect URI is for Quay.
 */
export function isRegisteredUri(asked: string, registered: string): boolean {
  if (!readAddress(registered) || !readAddress(asked)) return false
  if (asked === registered) return true
  const isPrefix = registered.endsWith('/') && !registered.includes('?')
  return isPrefix && asked.startsWith(registered) && isPlainPath(asked.slice(registered.length))
}

/** Where a form may lead on a page that ends at an address: a source of `form-action`. */
export function formTarget(address: string): string {
  const { protocol, origin } = new URL(address)
  return protocol === 'https:' || protocol === 'http:' ? origin : protocol
}

type Parameters = Record<string, string | undefined>

/** Adds parameters to an address: to its query, and as its fragment. Those that are undefined are left out. */
export function extendUri(address: string, query: Parameters, fragment: Parameters = {}): string {
  const url = new URL(address)
  for (const [name, value] of defined(query)) url.searchParams.append(name, value)
  url.hash = String(new URLSearchParams(defined(fragment)))
  return url.href
}

function defined(parameters: Parameters): [string, string][] {
  return Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
}

/** True for a path of this registry, query included: what a browser could take for another host is none. */
export function isOwnPath(text: string): boolean {
  const base = 'http://registry.invalid'
  return (
    /^\/(?![/\\])[\x21-\x7e]*$/.test(text) &&
    URL.canParse(text, base) &&
    new URL(text, base).origin === base
  )
}

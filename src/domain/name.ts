import { RegistryError } from './errors.ts'

/** Name rules of the OCI distribution specification; one grammar for both faces. */
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`)
const namespacePattern = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const maxNameLength = 255

/** A repository's full name, cut at its first slash. */
export interface RepositoryName {
  namespace: string
  /** Name inside the namespace; may hold slashes. */
  name: string
  /** `namespace/name`. */
  fullName: string
}

/**
 * Reads `namespace/name`; a name without a slash means `library/name`, where `library` is LIBRARY_NAMESPACE.
 * Throws `name_invalid`.
 */
export function parseRepositoryName(text: string, libraryNamespace: string): RepositoryName {
  const fullName = text.includes('/') ? text : `${libraryNamespace}/${text}`
  if (!isRepositoryName(fullName))
    throw new RegistryError(
      'name_invalid',
      `'${text.slice(0, 80)}' is not a repository name: lower-case letters and digits, joined by '.', '_', '__' or '-', segments by '/', ${maxNameLength} characters at most`,
    )
  const slash = fullName.indexOf('/')
  return { namespace: fullName.slice(0, slash), name: fullName.slice(slash + 1), fullName }
}

/** True for a repository's name, with a namespace or without. */
export function isRepositoryName(text: string): boolean {
  return text.length <= maxNameLength && repositoryPattern.test(text)
}

/** True for a tag name (OCI distribution specification, "Pulling manifests"). */
export function isTagName(text: string): boolean {
  return tagPattern.test(text)
}

/** Throws `tag_invalid` unless the text is a tag name. */
export function parseTagName(text: string): string {
  if (isTagName(text)) return text
  throw new RegistryError(
    'tag_invalid',
    `'${text.slice(0, 140)}' is not a tag: 1 to 128 letters, digits, '_', '.' or '-', not beginning with '.' or '-'`,
  )
}

/** Rule for names of users and organizations (Quay's); throws `invalid_request`. */
export function parseNamespaceName(text: string, what = 'username'): string {
  if (isPlainName(text)) return text
  throw new RegistryError(
    'invalid_request',
    `Invalid ${what} '${text.slice(0, 80)}': ${plainNameRule}`,
  )
}

const plainNameRule = `2 to ${maxNameLength} lower-case letters and digits, single '.', '_' or '-' between them`

function isPlainName(text: string): boolean {
  return text.length >= 2 && text.length <= maxNameLength && namespacePattern.test(text)
}

/** Rule for names of teams: that of users and organizations (Quay's). Throws `invalid_request`. */
export function parseTeamName(text: string): string {
  if (isPlainName(text)) return text
  throw new RegistryError(
    'invalid_request',
    `Invalid team name '${text.slice(0, 80)}': ${plainNameRule}`,
  )
}

/** E-mail rule: one `@`, a local part, a dotted or single-label domain; 254 characters at most. */
export function isEmail(text: string): boolean {
  const [local, domain, ...rest] = text.split('@')
  const labels = (domain ?? '').split('.')
  return (
    text.length <= 254 &&
    rest.length === 0 &&
    /^[^\s@"(),:;<>[\\\]]{1,64}$/.test(local ?? '') &&
    labels.every((label) => /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
  )
}

/** Throws `invalid_request` unless the text is an e-mail address. */
export function parseEmail(text: string): string {
  if (isEmail(text)) return text
  throw new RegistryError('invalid_request', `Invalid email address '${text.slice(0, 80)}'`)
}

/** True when an address belongs to a domain or to one below it. */
export function isInDomain(email: string, domain: string): boolean {
  const own = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return own === domain.toLowerCase() || own.endsWith(`.${domain.toLowerCase()}`)
}

/** Password rule (Quay's): at least 8 characters, no white space; 1,024 at most. Throws `invalid_request`. */
export function checkPassword(text: string): string {
  if (text.length >= 8 && text.length <= 1024 && !/\s/.test(text)) return text
  throw new RegistryError(
    'invalid_request',
    'Invalid password: at least 8 characters, without white space',
  )
}

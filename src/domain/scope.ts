/** Scopes of the token service: `repository:NAME:ACTIONS` (Docker token specification). */
import { RegistryError } from './errors.ts'
import { parseRepositoryName, type RepositoryName } from './name.ts'
import type { TokenAction } from './permission.ts'
import type { AccessEntry } from './principal.ts'

/** One scope as a client asked for it. */
export interface Scope {
  type: string
  /** The name as asked, maybe with a host before it. */
  name: string
  actions: string[]
}

/** Scopes of one token request are bounded; nothing honest comes near. */
const maxScopes = 100
const maxScopeCharacters = 16_384

/**
 * Reads the `scope` parameters of a request: repeated, or joined by spaces. Throws `invalid_request` for
 * what is no scope and for more than a request may ask.
 */
export function parseScopes(values: readonly string[]): Scope[] {
  const texts = values.flatMap((value) => value.split(' ')).filter((text) => text !== '')
  if (texts.length > maxScopes || texts.join(' ').length > maxScopeCharacters)
    throw new RegistryError(
      'invalid_request',
      `a token is given for at most ${maxScopes} scopes and ${maxScopeCharacters} characters of them: ask for several tokens`,
    )
  return texts.map(parseScope)
}

function parseScope(text: string): Scope {
  // The name may hold colons (host:port/…), so it ends at the last one.
  const [, type, name, actions] = /^([a-z]+)(?:\([a-z]+\))?:(.+):([a-z*,]*)$/.exec(text) ?? []
  if (type === undefined || name === undefined || actions === undefined)
    throw new RegistryError(
      'invalid_request',
      `'${text.slice(0, 120)}' is not a scope: expected repository:NAME:pull,push,delete`,
    )
  return { type, name, actions: actions.split(',').filter((action) => action !== '') }
}

/** Cuts a leading host off a name: `localhost:8080/acme/app` is `acme/app` on that host. */
export function withoutHost(name: string, host: string): string {
  return name.startsWith(`${host}/`) ? name.slice(host.length + 1) : name
}

/** The granted actions that allow an action: who may push may delete (Quay's rule). */
const sufficient: Record<TokenAction, readonly TokenAction[]> = {
  pull: ['pull', '*'],
  push: ['push', '*'],
  delete: ['delete', 'push', '*'],
  '*': ['*'],
}

/** True when an access list allows an action on a repository. Names are compared as the registry at `host` reads them. */
export function grants(
  access: readonly AccessEntry[],
  wanted: { name: RepositoryName; action: TokenAction; host: string; libraryNamespace: string },
): boolean {
  return access.some(
    (entry) =>
      entry.type === 'repository' &&
      entry.actions.some((action) => sufficient[wanted.action].includes(action)) &&
      readName(entry.name, wanted)?.fullName === wanted.name.fullName,
  )
}

/** The repository that a scope names; undefined when it names none. */
export function readName(
  asked: string,
  registry: { host: string; libraryNamespace: string },
): RepositoryName | undefined {
  try {
    return parseRepositoryName(withoutHost(asked, registry.host), registry.libraryNamespace)
  } catch {
    return undefined
  }
}

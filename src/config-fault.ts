import { closest, distance } from 'fastest-levenshtein'

import { configKeyNames, configKeys, type ConfigKeyName } from './config-keys.ts'
import { knownKeys } from './config-known.ts'

/** One thing that is wrong with the configuration. */
export interface Fault {
  readonly key: string
  /** The value as it may be shown: secrets masked, one line, at most about 100 characters. */
  readonly value: string
  /** What is allowed, in words. */
  readonly allowed: string
  /** The known key that was probably meant. */
  readonly nearest?: string
  /** Where the value stands: a file, or the environment. */
  readonly source?: string
}

/** The configuration cannot be used; `faults` are all that is wrong with it, at least one. */
export class ConfigError extends Error {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(faults.map(describeFault).join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** One line: key, value, where it stands, what is allowed, the key that was probably meant. */
export function describeFault({ key, value, allowed, nearest, source }: Fault): string {
  const place = source === undefined ? '' : ` (${source})`
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return `${oneLine(key)} = ${value}${place}: allowed: ${allowed}${hint}`
}

/** A value of a key as it may be shown to the person who runs the registry; undefined is `(unset)`. */
export function showValue(name: ConfigKeyName, written: unknown): string {
  if (written === undefined) return '(unset)'
  const shown = maskValue(name, written)
  return shown === hidden ? hidden : showPlain(shown)
}

/** A value of a key with what is secret in it hidden. */
export function maskValue(name: ConfigKeyName, written: unknown): unknown {
  const { secret } = configKeys[name]
  if (secret === 'whole') return hidden
  return secret === 'password' ? maskUrl(written) : written
}

/** The fault of a key that does not exist. */
export function unknownKey(key: string, written: unknown, source: string): Fault {
  const nearest = closest(key.toUpperCase(), names)
  const close = distance(key.toUpperCase(), nearest) <= Math.max(2, Math.floor(key.length / 4))
  const value = looksSecret(key) || looksSecret(nearest) ? hidden : showPlain(written)
  const fault = {
    key,
    value,
    allowed: 'only the keys of docs/configuration.md',
    source,
  }
  return close ? { ...fault, nearest } : fault
}

const names = [...new Set([...configKeyNames, ...knownKeys])]
const hidden = '(hidden)'

/** A misspelt key may hold a secret, so its value is shown only when nothing speaks for that. */
function looksSecret(key: string): boolean {
  return /SECRET|PASS|KEY|TOKEN|PSK|UR[LI]|DSN|CONFIG|CREDENTIAL|AUTH/i.test(key)
}

/** Hides the password of a URL; anything that does not look like one is hidden whole. */
function maskUrl(written: unknown): string {
  const text = String(written)
  if (!/^\w+:\/\//.test(text)) return hidden
  return text
    .replace(/^(\w+:\/\/[^:@/?]*):.*@/, '$1:***@')
    .replaceAll(/([?&]\w*pass\w*=)[^&]*/gi, '$1***')
}

function showPlain(written: unknown): string {
  if (typeof written === 'object' && written !== null && !Array.isArray(written))
    return '(a mapping)'
  const text = JSON.stringify(written) ?? String(written)
  return text.length > 100 ? `${text.slice(0, 97)}...` : text
}

function oneLine(key: string): string {
  return /^[\w-]{1,80}$/.test(key) ? key : showPlain(key)
}

import { readFileSync } from 'node:fs'

import { parseDocument } from 'yaml'

import { ConfigError } from './config-fault.ts'

const limitBytes = 1024 * 1024

/**
 * Keys and values of a YAML file; a key without a value is left out. Throws `ConfigError` when the file cannot
 * be read or is no YAML mapping. `origin` is what named the file, for the message.
 */
export function readConfigFile(path: string, origin: string): Map<string, unknown> {
  const refuse = (allowed: string) =>
    new ConfigError([{ key: origin, value: JSON.stringify(path), allowed }])
  const document = parseDocument(readText(path, refuse), { prettyErrors: true })
  // The first line of a message says what and where; the lines after it quote the file, secrets included.
  const [error] = document.errors
  if (error) throw refuse(`correct YAML; ${error.message.split('\n')[0]?.replace(/:$/, '')}`)
  const entries: unknown = toMap(() => document.toJS({ mapAsMap: true }), refuse)
  if (entries === null) return new Map()
  if (!(entries instanceof Map)) throw refuse('a YAML mapping of keys to values')
  return new Map(
    [...entries]
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [String(key), value] as const),
  )
}

function readText(path: string, refuse: (allowed: string) => ConfigError): string {
  try {
    const bytes = readFileSync(path)
    if (bytes.length > limitBytes) throw refuse(`a file of at most ${limitBytes} bytes`)
    return bytes.toString('utf8')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw refuse(`a file that can be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** Aliases are resolved here, and refused when they are unknown or would grow without end. */
function toMap(convert: () => unknown, refuse: (allowed: string) => ConfigError): unknown {
  try {
    return convert()
  } catch (error) {
    throw refuse(`correct YAML; ${(error as Error).message.split('\n')[0]}`)
  }
}

import { Ajv } from 'ajv'

import { ConfigError, maskValue, showValue, unknownKey, type Fault } from './config-fault.ts'
import { configKeyNames, configKeys, type Config, type ConfigKeyName } from './config-keys.ts'
import { formats } from './config-kinds.ts'
import { isKnownKey, knownKeys } from './config-known.ts'
import { readConfigFile } from './config-source.ts'

export { ConfigError, describeFault, type Fault } from './config-fault.ts'
export type { Config, ConfigKeyName } from './config-keys.ts'

/** What was loaded, and where from. */
export interface LoadedConfig {
  readonly config: Config
  /** One line each: things that have no effect. */
  readonly warnings: readonly string[]
  /** Where each key that is not left to its default stands: `the environment` or the file's path. */
  readonly sources: ReadonlyMap<ConfigKeyName, string>
}

interface Found {
  readonly value: unknown
  readonly source: string
}

/**
 * Reads the configuration: defaults, over them the YAML file (`file`, else PORTOLAN_CONFIG), over that environment
 * variables of the same names. An empty value counts as not written. Throws `ConfigError` with everything that is wrong.
 */
export function loadConfig({
  file,
  environment,
}: {
  file?: string
  environment: NodeJS.ProcessEnv
}): LoadedConfig {
  const inFile = findInFile(file, environment)
  const found = new Map([...inFile, ...findInEnvironment(environment)])
  const unknown = [...inFile]
    .filter(([key]) => !isBuilt(key) && !isKnownKey(key))
    .map(([key, { value, source }]) => unknownKey(key, value, source))
  const refused = checkValues(found)
  const config = parseConfig(found, refused)
  const faults = [...unknown, ...refused, ...checkTogether(config, found, refused)]
  if (faults.length > 0) throw new ConfigError(faults)

  const sources = [...found].flatMap(([key, { source }]) =>
    isBuilt(key) ? [[key, source] as const] : [],
  )
  return { config, warnings: listWarnings(found, environment), sources: new Map(sources) }
}

/** What superusers may see: every key that has a value, as the file would have it, with secrets masked; and JSON Schemas of the keys. */
export function superuserConfig(config: Config): {
  config: Record<string, unknown>
  schema: Record<string, unknown>
} {
  const written = configKeyNames.filter((name) => config[name] !== undefined)
  return {
    config: Object.fromEntries(
      written.map((name) => [name, maskValue(name, writtenValue(config, name))]),
    ),
    schema: Object.fromEntries(
      configKeyNames.map((name) => {
        const { kind, meaning } = configKeys[name]
        return [name, { ...kind.schema, description: meaning }]
      }),
    ),
  }
}

/** A value as it may be shown to the person who runs the registry: secrets masked, durations and sizes with their units. */
export function describeValue(config: Config, name: ConfigKeyName): string {
  return showValue(name, writtenValue(config, name))
}

/** A value as the file would have it. */
export function writtenValue(config: Config, name: ConfigKeyName): unknown {
  const value = config[name]
  return value === undefined ? undefined : configKeys[name].kind.show(value)
}

function isBuilt(key: string): key is ConfigKeyName {
  return Object.hasOwn(configKeys, key)
}

function findInFile(file: string | undefined, environment: NodeJS.ProcessEnv): Map<string, Found> {
  const path = file ?? (environment['PORTOLAN_CONFIG'] || undefined)
  if (path === undefined) return new Map()
  const written = readConfigFile(path, file === undefined ? 'PORTOLAN_CONFIG' : '--config')
  return new Map(
    [...written].map(([key, value]) => [key, { value: readWritten(key, value), source: path }]),
  )
}

/** A list may be written as comma separated text in the file too. */
function readWritten(key: string, value: unknown): unknown {
  const isText = typeof value === 'string'
  return isText && isBuilt(key) && configKeys[key].kind.schema['type'] === 'array'
    ? configKeys[key].kind.read(value)
    : value
}

function findInEnvironment(environment: NodeJS.ProcessEnv): Map<string, Found> {
  const source = 'the environment'
  const found = new Map<string, Found>()
  for (const [key, text] of Object.entries(environment)) {
    if (!text) continue
    if (isBuilt(key)) found.set(key, { value: configKeys[key].kind.read(text), source })
    // Names of one word (DEBUG, BRANDING) are too common in environments to be meant for us.
    else if (knownKeys.has(key) && key.includes('_')) found.set(key, { value: text, source })
  }
  return found
}

function checkValues(found: ReadonlyMap<string, Found>): Fault[] {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, formats })
  const properties = Object.fromEntries(
    configKeyNames.map((name) => [name, configKeys[name].kind.schema]),
  )
  const validate = ajv.compile({ type: 'object', properties })
  if (validate(Object.fromEntries([...found].map(([key, { value }]) => [key, value])))) return []
  const refused = new Set(
    validate.errors?.map(({ instancePath }) => instancePath.split('/')[1] ?? ''),
  )
  return [...refused]
    .filter(isBuilt)
    .map((name) => faultOf(name, found.get(name), configKeys[name].kind.allowed))
}

function faultOf(name: ConfigKeyName, found: Found | undefined, allowed: string): Fault {
  const fault = { key: name, value: showValue(name, found?.value), allowed }
  return found ? { ...fault, source: found.source } : fault
}

/** Refused values count as not written, so that the rest can still be looked at. */
function parseConfig(found: ReadonlyMap<string, Found>, refused: readonly Fault[]): Config {
  const written: Record<string, unknown> = {}
  for (const name of configKeyNames) written[name] = configKeys[name].initial
  for (const [key, { value }] of found)
    if (!refused.some((fault) => fault.key === key)) written[key] = value
  const parsed = configKeyNames.map((name) => {
    const { kind, derived } = configKeys[name]
    const value = written[name] ?? derived?.from(written)
    return [name, value === undefined ? undefined : kind.parse(value)]
  })
  return Object.freeze(Object.fromEntries(parsed)) as Config
}

/** Rules over more than one key; a rule waits until each of its keys is right by itself. */
function checkTogether(
  config: Config,
  found: ReadonlyMap<string, Found>,
  refused: readonly Fault[],
): Fault[] {
  const faults: Fault[] = []
  const demand = (holds: boolean, names: [ConfigKeyName, ConfigKeyName], allowed: string) => {
    if (holds || refused.some(({ key }) => names.includes(key as ConfigKeyName))) return
    faults.push({
      ...faultOf(names[0], found.get(names[0]), allowed),
      value: describeValue(config, names[0]),
    })
  }
  demand(
    config.SECRET_KEY !== undefined || !found.has('DATABASE_URL'),
    ['SECRET_KEY', 'SECRET_KEY'],
    `${configKeys.SECRET_KEY.kind.allowed}, the same on every node; DATABASE_URL requires it`,
  )
  demand(
    config.TAG_EXPIRATION_OPTIONS.includes(config.DEFAULT_TAG_EXPIRATION),
    ['DEFAULT_TAG_EXPIRATION', 'TAG_EXPIRATION_OPTIONS'],
    `one of TAG_EXPIRATION_OPTIONS, ${describeValue(config, 'TAG_EXPIRATION_OPTIONS')}`,
  )
  demand(
    config.LABELED_EXPIRATION_MINIMUM <= config.LABELED_EXPIRATION_MAXIMUM,
    ['LABELED_EXPIRATION_MINIMUM', 'LABELED_EXPIRATION_MAXIMUM'],
    `at most LABELED_EXPIRATION_MAXIMUM, ${describeValue(config, 'LABELED_EXPIRATION_MAXIMUM')}`,
  )
  demand(
    config.MAIL_SERVER !== undefined || !config.FEATURE_MAILING,
    ['MAIL_SERVER', 'FEATURE_MAILING'],
    `${configKeys.MAIL_SERVER.kind.allowed}; FEATURE_MAILING requires it`,
  )
  // Whoever sends a request chooses its Host header, and would choose where the link in another's mail leads.
  demand(
    config.SERVER_HOSTNAME !== undefined || !config.FEATURE_MAILING,
    ['SERVER_HOSTNAME', 'FEATURE_MAILING'],
    'the host that links in mails lead to; FEATURE_MAILING, which MAIL_SERVER switches on, requires it',
  )
  demand(
    (config.MAIL_USERNAME === undefined) === (config.MAIL_PASSWORD === undefined),
    ['MAIL_USERNAME', 'MAIL_PASSWORD'],
    'a name together with MAIL_PASSWORD, or neither',
  )
  return faults
}

function listWarnings(found: ReadonlyMap<string, Found>, environment: NodeJS.ProcessEnv): string[] {
  const notBuilt = [...found]
    .filter(([key]) => !isBuilt(key))
    .map(
      ([key, { source }]) =>
        `${key} (${source}) is a key of Quay's that is not built yet: it has no effect`,
    )
  const misspelt = Object.entries(environment)
    .filter(([key]) => key.startsWith('FEATURE_') && !isBuilt(key) && !isKnownKey(key))
    .map(([key, value]) => unknownKey(key, value, 'the environment'))
    .map(
      ({ key, nearest }) =>
        `${key} (the environment) is no key of the registry: it has no effect${nearest ? `; did you mean ${nearest}?` : ''}`,
    )
  return [...notBuilt, ...misspelt]
}

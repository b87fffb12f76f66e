import { address, choice, integer, list, network, text } from './config-kinds.ts'
import { key, told, unset, type ConfigKey } from './config-key.ts'
import { audit, content, tags } from './config-keys-content.ts'
import { mail } from './config-keys-mail.ts'
import { people, signIn } from './config-keys-people.ts'
import { outgoing, robots } from './config-keys-robot.ts'

export type { ConfigKey } from './config-key.ts'

const reach = {
  SERVER_HOSTNAME: unset(
    text(
      'a host name or address, with a port where it is not the usual one: registry.example.com:8443',
      {
        pattern:
          '^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?$',
        maxLength: 260,
      },
    ),
    'Host under which the registry is reached; unset, it is whatever host a request names',
    told,
  ),
  PREFERRED_URL_SCHEME: key(
    choice('http', 'https'),
    'http',
    'Scheme of generated URLs; https makes the login cookie Secure',
    told,
  ),
  BIND: key(list(address, { minItems: 1 }), ['127.0.0.1', '::1'], 'Addresses to listen on'),
  PORT: key(integer(1, 65_535), 8080, 'Port to listen on'),
  TRUSTED_PROXIES: key(
    list(network),
    [],
    'Proxies whose X-Forwarded-For, -Host and -Proto headers count',
  ),
  CORS_ORIGIN: key(
    list(
      text('* or an origin such as https://example.com', {
        pattern: '^(?:\\*|https?://[^/\\s]+)$',
      }),
    ),
    ['*'],
    'Origins whose pages may call the API; * for all',
  ),
  REGISTRY_TITLE: key(text('text', { maxLength: 200 }), 'Portolan', 'Title that people see', told),
  REGISTRY_TITLE_SHORT: key(text('text', { maxLength: 60 }), 'Portolan', 'Short title', told),
}

const keeping = {
  DATA_DIR: key(
    text('a path'),
    './data',
    'Folder of everything the registry keeps by itself; relative to the working directory',
  ),
  DATABASE_URL: unset(
    text(
      'postgres://user:password@host/database, or postgres://user@/database?host=/socket/folder',
      {
        pattern: '^postgres(?:ql)?://\\S+$',
      },
    ),
    'PostgreSQL to use; unset, the registry runs one of its own in DATA_DIR',
    { secret: 'password' },
  ),
  SECRET_KEY: unset(
    text('text of at least 16 characters', { minLength: 16, maxLength: 4096 }),
    'Seals what is secret in the database; required with DATABASE_URL, else made at first start in DATA_DIR',
    { secret: 'whole' },
  ),
  LOG_LEVEL: key(
    choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'Least severe messages that are logged',
  ),
}

/** The keys under the headings of docs/configuration.md. */
export const configSections: Readonly<
  Record<string, Readonly<Record<string, ConfigKey<unknown>>>>
> = {
  'Where it is reached': reach,
  'What it keeps': keeping,
  'People and rights': people,
  'Signing in': signIn,
  Content: content,
  'Tags and their history': tags,
  'Audit log': audit,
  Mail: mail,
  Robots: robots,
  'Calls to other hosts': outgoing,
}

const table = {
  ...reach,
  ...keeping,
  ...people,
  ...signIn,
  ...content,
  ...tags,
  ...audit,
  ...mail,
  ...robots,
  ...outgoing,
}

/** Name of a key that is built. */
export type ConfigKeyName = keyof typeof table

/** The one list of keys: a key is built when it is here. */
export const configKeys: Readonly<Record<ConfigKeyName, ConfigKey<unknown>>> = table

/** Their names. */
export const configKeyNames = Object.keys(table) as ConfigKeyName[]

/**
 * The configuration, under Quay's names. Durations are numbers of seconds, sizes are numbers of bytes, and what
 * is not set and has no default is undefined.
 */
export type Config = {
  readonly [K in ConfigKeyName]: (typeof table)[K] extends ConfigKey<infer T> ? T : never
}

import {
  address,
  boolean,
  choice,
  duration,
  integer,
  isLoopback,
  list,
  network,
  size,
  text,
} from './config-kinds.ts'
import { key, unset, type ConfigKey } from './config-key.ts'
import { mail } from './config-keys-mail.ts'
import { outgoing, robots } from './config-keys-robot.ts'

export type { ConfigKey } from './config-key.ts'

const told = { clientVisible: true } as const
const names = list(text('a user name', { maxLength: 255 }))

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

const people = {
  SUPER_USERS: key(names, [], 'Names of superusers'),
  GLOBAL_READONLY_SUPER_USERS: key(names, [], 'Names of users who may read everything'),
  RESTRICTED_USERS_WHITELIST: unset(
    names,
    'Users whom FEATURE_RESTRICTED_USERS leaves alone; unset, nobody is exempt',
  ),
  FEATURE_ANONYMOUS_ACCESS: key(boolean, true, 'Requests without identity see public content'),
  FEATURE_SUPER_USERS: key(boolean, true, 'Superuser operations exist'),
  FEATURE_SUPERUSERS_FULL_ACCESS: key(
    boolean,
    false,
    'Superusers pass every check of a namespace or a repository',
  ),
  FEATURE_SUPERUSER_CONFIGDUMP: key(boolean, false, 'Superusers can read the configuration'),
  FEATURE_RESTRICTED_USERS: key(
    boolean,
    false,
    'Users outside the whitelist create nothing in their own namespace',
  ),
  FEATURE_SUPERUSERS_ORG_CREATION_ONLY: key(boolean, false, 'Only superusers create organizations'),
  FEATURE_ORG_SHARED_EMAIL: key(
    boolean,
    false,
    'An organization may use an e-mail address that a user or another organization has',
  ),
  FEATURE_ASSIGN_OAUTH_TOKEN: key(
    boolean,
    true,
    'Administrators can ask people to make a token of an OAuth application',
    told,
  ),
  OAUTH_APPLICATION_MAXIMUM_TOKEN_COUNT: unset(
    integer(1, 1_000_000),
    'Most live tokens of one OAuth application; unset, there is no limit',
  ),
  FEATURE_APP_SPECIFIC_TOKENS: key(
    boolean,
    true,
    'People can make tokens to use in place of their password with docker and the like',
  ),
  FEATURE_PARTIAL_USER_AUTOCOMPLETE: key(
    boolean,
    true,
    'Users, robots and teams are found by the start of their names; off, by whole names alone',
  ),
  APP_SPECIFIC_TOKEN_EXPIRATION: unset(
    duration,
    'Life of app tokens made from now on; unset, they do not end',
  ),
  FEATURE_USER_INITIALIZE: {
    kind: boolean,
    meaning:
      'The first account can be made through POST /api/v1/user/initialize while there is none',
    derived: {
      from: (written) => (written['BIND'] as string[]).every(isLoopback),
      rule: 'true when every address in BIND is loopback',
    },
  } satisfies ConfigKey<boolean>,
  FEATURE_USER_CREATION: key(boolean, true, 'People can sign up'),
  FEATURE_DIRECT_LOGIN: key(boolean, true, 'People can sign in with name and password'),
  FEATURE_MAILING: {
    kind: boolean,
    meaning: 'E-mail addresses are verified and messages are sent',
    derived: {
      from: (written) => Boolean(written['MAIL_SERVER']),
      rule: 'true when MAIL_SERVER is set',
    },
  } satisfies ConfigKey<boolean>,
  FEATURE_REQUIRE_TEAM_INVITE: key(
    boolean,
    true,
    'Who joins an organization is asked first, when the registry sends mail',
  ),
  FEATURE_USER_METADATA: key(boolean, false, 'Accounts have name, company and location'),
  FEATURE_USER_RENAME: key(boolean, false, 'Users may change their name'),
}

const signIn = {
  SESSION_TIMEOUT: key(duration, '31d', 'Life of a login'),
  FEATURE_PERMANENT_SESSIONS: key(boolean, true, 'A login outlives the closing of the browser'),
  // Quay's default, _csrf_token, names the wrong thing and collides with frameworks that keep a CSRF token under it.
  SESSION_COOKIE_NAME: key(
    text('a cookie name', { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", maxLength: 64 }),
    'portolan_session',
    'Name of the login cookie',
  ),
  FRESH_LOGIN_TIMEOUT: key(
    duration,
    '10m',
    'How long ago the password may have been given for sensitive operations',
  ),
  INSTANCE_SERVICE_KEY_SERVICE: key(
    text('letters, digits, _ . and -', { pattern: '^[A-Za-z0-9_.-]{1,128}$' }),
    'registry',
    'Service under which GET /keys publishes the keys that sign registry tokens',
  ),
  UNAPPROVED_SERVICE_KEY_TTL_SEC: key(
    integer(1, 1_000_000_000),
    86_400,
    'Seconds that a key which another service has submitted waits for approval',
  ),
  EXPIRED_SERVICE_KEY_TTL_SEC: key(
    integer(0, 1_000_000_000),
    604_800,
    'Seconds that a key of another service is kept after it has expired',
  ),
}

const content = {
  CREATE_PRIVATE_REPO_ON_PUSH: key(boolean, true, 'Repositories made by a push are private'),
  CREATE_NAMESPACE_ON_PUSH: key(
    boolean,
    false,
    'A push to a namespace that does not exist makes an organization',
  ),
  LIBRARY_NAMESPACE: key(
    text('a namespace name', { pattern: '^[a-z0-9]+(?:[._-][a-z0-9]+)*$', maxLength: 255 }),
    'library',
    'Namespace of names of one part',
  ),
  FEATURE_PUBLIC_CATALOG: key(
    boolean,
    false,
    'Anonymous callers of /v2/_catalog see public repositories',
  ),
  FEATURE_REFERRERS_API: key(boolean, true, 'The referrers of a manifest can be listed'),
  FEATURE_SPARSE_INDEX: key(boolean, false, 'An index whose manifests are missing is accepted'),
  FEATURE_SPARSE_IMAGE: key(boolean, false, 'An image whose blobs are missing is accepted'),
  FEATURE_REPO_MIRROR: key(boolean, false, 'Repositories can be mirrors, and have a state', told),
  MAXIMUM_LAYER_SIZE: key(size, '20G', 'Largest blob'),
  MAXIMUM_MANIFEST_SIZE: key(size, '4M', 'Largest manifest'),
  UPLOAD_EXPIRATION: key(
    duration,
    '2d',
    'Time after which an upload that nobody writes to is dropped',
  ),
}

const tags = {
  DEFAULT_TAG_EXPIRATION: key(
    duration,
    '2w',
    'How long tags of a new namespace stay restorable; one of TAG_EXPIRATION_OPTIONS',
  ),
  TAG_EXPIRATION_OPTIONS: key(
    list(duration, { minItems: 1 }),
    ['0s', '1d', '1w', '2w', '4w'],
    'What a namespace may choose for that',
    told,
  ),
  FEATURE_CHANGE_TAG_EXPIRATION: key(boolean, true, 'Owners of a namespace may choose it'),
  LABELED_EXPIRATION_MINIMUM: key(duration, '1h', 'Shortest life that a label may give a tag'),
  LABELED_EXPIRATION_MAXIMUM: key(duration, '104w', 'Longest life that a label may give a tag'),
  PERMANENTLY_DELETE_TAGS: key(
    boolean,
    true,
    'Deleted tags can be removed from the history at once',
    told,
  ),
}

const audit = {
  ACTION_LOG_AUDIT_LOGINS: key(boolean, true, 'Sign-ins are written to the audit log'),
  ACTION_LOG_AUDIT_LOGIN_FAILURES: key(boolean, false, 'Failed sign-ins too'),
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

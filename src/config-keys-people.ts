import { key, told, unset, type ConfigKey } from './config-key.ts'
import { boolean, duration, integer, isLoopback, list, text } from './config-kinds.ts'

const names = list(text('a user name', { maxLength: 255 }))

/** Keys of accounts and of what they may do. */
export const people = {
  SUPER_USERS: key(names, [], 'Names of superusers'),
  GLOBAL_READONLY_SUPER_USERS: key(names, [], 'Names of users who may read everything'),
  RESTRICTED_USERS_WHITELIST: unset(
    names,
    'Users whom FEATURE_RESTRICTED_USERS leaves alone; unset, nobody is exempt',
  ),
  PUBLIC_NAMESPACES: key(
    names,
    [],
    'Namespaces that everybody sees among their organizations, whoever is in them',
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
    'An organization may use an e-mail address that a user or another organization has; with `FEATURE_MAILING` it always may',
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
  EXPIRED_APP_SPECIFIC_TOKEN_GC: key(
    duration,
    '1d',
    'How long an app token that has expired is still listed; then it is removed',
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
    meaning:
      'E-mail addresses are verified and messages are sent; who signs up and does not confirm the address within a week loses the account',
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

/** Keys of sessions, and of keys that sign. */
export const signIn = {
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

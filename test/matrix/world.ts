import type { AccessEntry } from '#domain/principal.ts'
import { findUserByName, type User } from '#store/user.ts'
import { transact } from '#store/db.ts'
import { openMemoryDriver } from '#storage/memory.ts'
import { makeCall } from '#test/support/client.ts'
import { createDatabase } from '#test/support/database.ts'
import { mintAppToken } from '#test/support/machine.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import {
  basic,
  bearer,
  listForeign,
  listLogins,
  makeOAuthTokens,
  openSessions,
  signTokens,
} from './credentials.ts'
import { accounts, type Identity } from './identities.ts'
import type { Request } from './operations.ts'
import { repositories } from './outcomes.ts'
import {
  closeRepositories,
  fillRepositories,
  fullNameOf,
  makeRepositories,
  makeRobots,
  type Content,
} from './repositories.ts'
import { send, type Answer } from './wire.ts'

/**
 * `full`: FEATURE_SUPERUSERS_FULL_ACCESS. `closed`: FEATURE_ANONYMOUS_ACCESS is off. The others lack the
 * features that operations name.
 */
export type ServerName = 'usual' | 'full' | 'closed' | 'bare' | 'unsigned'

/** Registries on one database that differ in their settings, and everybody's credentials. */
export interface World {
  servers: Record<ServerName, TestServer>
  content: Content
  /** Makes a call with the credential that the identity names. */
  send(identity: Identity, server: ServerName, request: Request): Promise<Answer>
  /** What the token service grants somebody with a password: actions by repository; undefined: a refusal. */
  grantsOf(identity: Identity, server: ServerName): Promise<Grants | undefined>
}

/** Actions by full name of a repository. */
type Grants = ReadonlyMap<string, readonly string[]>

/** One host for all of them, so that a token works on each. */
export const host = 'registry.test'

const common = {
  SERVER_HOSTNAME: host,
  SUPER_USERS: 'super,chief',
  GLOBAL_READONLY_SUPER_USERS: 'auditor,chief',
  FEATURE_RESTRICTED_USERS: 'true',
  RESTRICTED_USERS_WHITELIST: accounts.filter((name) => name !== 'restricted').join(','),
  FEATURE_REPO_MIRROR: 'true',
  FEATURE_MAILING: 'true',
  MAIL_SERVER: 'mail.test',
  FEATURE_ASSIGN_OAUTH_TOKEN: 'true',
  FEATURE_SUPERUSER_CONFIGDUMP: 'true',
}
const settings: Record<ServerName, Record<string, string>> = {
  usual: common,
  full: { ...common, FEATURE_SUPERUSERS_FULL_ACCESS: 'true' },
  closed: { ...common, FEATURE_ANONYMOUS_ACCESS: 'false' },
  bare: {
    ...common,
    FEATURE_REPO_MIRROR: 'false',
    PERMANENTLY_DELETE_TAGS: 'false',
    FEATURE_DIRECT_LOGIN: 'false',
    FEATURE_USER_INITIALIZE: 'false',
    FEATURE_REFERRERS_API: 'false',
    FEATURE_SUPER_USERS: 'false',
    FEATURE_ASSIGN_OAUTH_TOKEN: 'false',
  },
  unsigned: {
    ...common,
    FEATURE_USER_CREATION: 'false',
    FEATURE_APP_SPECIFIC_TOKENS: 'false',
    FEATURE_MAILING: 'false',
  },
}

/** Features that a registry runs without. */
export function featuresOff(server: ServerName): string[] {
  return Object.entries(settings[server])
    .filter(([key, value]) => value === 'false' && key !== 'FEATURE_ANONYMOUS_ACCESS')
    .map(([key]) => key)
}

/** Makes people, repositories and credentials. `atEnd` collects what takes it all down. */
export async function makeWorld(atEnd: (end: () => Promise<void>) => void): Promise<World> {
  const database = await createDatabase()
  atEnd(database.drop)
  const blobs = openMemoryDriver()
  const servers = {} as World['servers']
  for (const name of Object.keys(settings) as ServerName[])
    servers[name] = await startServer(settings[name], { database, blobs, atEnd })
  const { db } = servers.usual.deps
  await Promise.all(accounts.map((name) => servers.usual.user(name)))
  const users = new Map<string, User>()
  for (const name of accounts) users.set(name, (await findUserByName(db, name))!)

  await transact(db, (tx) => makeRepositories(tx, users))
  const secrets = await transact(db, (tx) => makeOAuthTokens(tx, users))
  const machines = await makeRobots(servers.usual)
  const app = await mintAppToken(servers.usual, 'owner')
  const logins = listLogins({ machines, secrets, app })
  const sessions = await openSessions(servers.usual)
  const tokens = await signTokens(servers.usual.deps, users, host)
  for (const [name, token] of listForeign(machines, { app, tokens })) secrets.set(name, token)
  const filler = makeCall(servers.full.url, () => bearer(tokens.get('super+/all')))
  const content = await fillRepositories(filler)
  await closeRepositories(db)

  const headersOf = ({ face, name, token }: Identity) => {
    if (face === 'v2') return bearer(tokens.get(name) ?? secrets.get(name))
    return token === undefined ? sessions.get(name)! : bearer(secrets.get(name) ?? 'no'.repeat(20))
  }
  // A password is checked once a person, because that costs dear.
  const granted = new Map<string, Promise<Grants | undefined>>()
  return {
    servers,
    content,
    send: (identity, server, request) => send(servers[server].url, headersOf(identity), request),
    grantsOf: (identity, server) => {
      const { name, person } = identity
      const login = logins.get(name) ?? (person === undefined ? {} : basic(person))
      if (person === undefined) return askForGrants(servers[server], person, login)
      if (!granted.has(name)) granted.set(name, askForGrants(servers[server], person, login))
      return granted.get(name)!
    },
  }
}

/** One token for all repositories. */
async function askForGrants(
  { call }: TestServer,
  person: string | undefined,
  headers: Record<string, string>,
): Promise<Grants | undefined> {
  const scopes = repositories.map(
    (target) => `repository:${fullNameOf(target, person)}:pull,push,delete,*`,
  )
  const query = new URLSearchParams({ scope: scopes.join(' ') })
  const answer = await call('GET', `/v2/auth?${query}`, { headers })
  if (answer.status !== 200) return undefined
  const [, claims = ''] = answer.json.token.split('.')
  const { access } = JSON.parse(Buffer.from(claims, 'base64url').toString())
  return new Map((access as AccessEntry[]).map(({ name, actions }) => [name, actions]))
}

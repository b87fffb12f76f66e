/** Who is asking. The name before the slash is a person, what follows it the credential. */
export interface Identity {
  name: string
  face: 'v1' | 'v2'
  /** Row of the tables in `outcomes.ts`. */
  row: string
  /** Account; undefined: nobody. */
  person: string | undefined
  /** `full`: asks the registry that runs with FEATURE_SUPERUSERS_FULL_ACCESS. */
  server: 'usual' | 'full'
  /** Repositories that are asked for; absent: all. The credential makes no difference to the others. */
  asks?: readonly string[]
  /** OAuth scopes (v1), or what a registry token is good for (v2); undefined: a browser session, or no token. */
  token: string | undefined
}

/** Everybody with an account. `chief` is a superuser and a global read-only superuser at once. */
export const accounts = [
  'stranger',
  'owner',
  'reader',
  'writer',
  'admin',
  'member',
  'creator',
  'teamreader',
  'teamwriter',
  'teamadmin',
  'orgadmin',
  'super',
  'auditor',
  'chief',
  'restricted',
  'disabled',
] as const

export const oauthScopes = [
  'repo:read',
  'repo:write',
  'repo:admin',
  'repo:create',
  'user:read',
  'user:admin',
  'org:admin',
  'super:user',
] as const

/** Whose account somebody uses in an unusual way. */
const borrowed: Record<string, string> = {
  stale: 'owner',
  forged: 'owner',
  orgstale: 'orgadmin',
  superstale: 'super',
}

/** Robots: whose they are, and the team of the organization or the role on the owner's repositories they have. */
export const robots = {
  robot: { owner: 'owner' },
  robotreader: { owner: 'owner', role: 'read' },
  robotwriter: { owner: 'owner', role: 'write' },
  robotadmin: { owner: 'owner', role: 'admin' },
  robotmaker: { owner: 'org', team: 'creators' },
  robotlimited: { owner: 'restricted', own: 'write' },
} as const satisfies Record<string, { owner: string; role?: string; team?: string; own?: string }>

/** Credentials of the registry protocol, shown to the management API: there they are nobody's. */
const foreign = ['nobody/app', 'nobody/robot', 'nobody/registry']

/** A plus: with FEATURE_SUPERUSERS_FULL_ACCESS. A dollar: a registry token made with an OAuth token of that scope. */
function read(face: 'v1' | 'v2', name: string, asks?: readonly string[]): Identity {
  const [who = '', token] = name.split('/')
  const plain = who.replace('+', '')
  const isNobody = plain === 'anonymous' || plain === 'nobody'
  return {
    name,
    face,
    row:
      face === 'v1'
        ? foreign.includes(name)
          ? 'nobody/unknown'
          : name
        : token?.startsWith('$')
          ? name.replace('$', '')
          : who,
    person: isNobody ? undefined : (borrowed[plain] ?? plain),
    server: who.endsWith('+') ? 'full' : 'usual',
    token: token === 'no token' ? undefined : token,
    ...(asks ? { asks } : {}),
  }
}

/**
 * Callers of the management API with a browser session. `stale` is the owner a day after signing in, `orgstale` and
 * `superstale` are others like that; `forged` is a foreign page that rides on the owner's cookie and has no CSRF token.
 */
export const people: readonly Identity[] = [
  'anonymous',
  'stranger',
  'owner',
  'reader',
  'writer',
  'admin',
  'member',
  'creator',
  'teamreader',
  'teamwriter',
  'teamadmin',
  'orgadmin',
  'super',
  'super+',
  'auditor',
  'chief+',
  'restricted',
  'disabled',
  'stale',
  'orgstale',
  'superstale',
  'superstale+',
  'forged',
].map((name) => read('v1', name))

const some = ['public', 'private', 'missing', 'own', 'org']

/**
 * Callers of the management API with a bearer token: whose, and its scopes. `unknown` is no token of ours; `app`, `robot`
 * and `registry` are the owner's app token, the token of a robot that administers repositories, and a registry token.
 */
export const bearers: readonly Identity[] = [
  ...[...oauthScopes, 'all'].map((scope) => `owner/${scope}`),
  'orgadmin/repo:read',
  'orgadmin/repo:create',
  'orgadmin/user:admin',
  'orgadmin/super:user',
  'orgadmin/org:admin',
  'orgadmin/repo:admin',
  'auditor/user:read',
  'super/super:user',
  'super/repo:admin',
  'super/all',
  'super+/super:user',
  'super+/repo:admin',
  'super+/all',
  'restricted/all',
  'disabled/all',
  'nobody/unknown',
  ...foreign,
].map((name) => read('v1', name, some))

/**
 * Callers of the registry protocol: whose token, and which actions it lists for every repository. `all` lists
 * every action even when its subject may do none: the gate has to cut it down.
 */
export const registryCallers: readonly Identity[] = [
  ...[
    'nobody/no token',
    'nobody/all',
    ...people
      .map(({ name }) => name)
      .filter((name) => name !== 'anonymous' && !borrowed[name.replace('+', '')])
      .map((name) => `${name}/all`),
    ...Object.keys(robots).map((name) => `${name}/all`),
  ].map((name) => read('v2', name)),
  ...[
    'owner/pull',
    'owner/push',
    'owner/delete',
    'owner/*',
    'owner/nothing',
    'owner/outdated',
    'owner/elsewhere',
    'owner/oauth',
    'owner/app',
    ...oauthScopes.map((scope) => `owner/$${scope}`),
  ].map((name) => read('v2', name, some)),
]

/** Callers of the token service, with their password, robot token, app token or OAuth token. */
export const passwordHolders: readonly Identity[] = [
  'nobody',
  ...people
    .map(({ name }) => name)
    .filter((name) => name !== 'anonymous' && !borrowed[name.replace('+', '')]),
  ...Object.keys(robots),
  'owner/app',
  ...oauthScopes.map((scope) => `owner/$${scope}`),
].map((name) => read('v2', name))

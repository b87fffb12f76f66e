import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  actsAsSuperuser,
  includesRole,
  mayCreateRepository,
  namespaceRole,
  ownAccountRole,
  repositoryRole,
  type Holdings,
  type TeamRole,
} from '#domain/access.ts'
import {
  oauthScopes,
  standingOf,
  type Anonymous,
  type Credential,
  type OAuthScope,
  type Standing,
  type UserPrincipal,
} from '#domain/principal.ts'
import type { RepositoryRole } from '#domain/target.ts'
import { visibilityOf } from '#services/visibility.ts'

const nothing: Holdings = { ownsNamespace: false, teamRole: null, grantedRole: null }
const normal: Standing = { superuser: false, globalReadonlySuperuser: false, restricted: false }
const strict = { FEATURE_SUPERUSERS_FULL_ACCESS: false }
const open = { FEATURE_SUPERUSERS_FULL_ACCESS: true }
const nobody: Anonymous = { kind: 'anonymous', credential: { kind: 'none' } }

const session: Credential = { kind: 'session', signedInAt: new Date(0) }
const tokenWith = (...scopes: OAuthScope[]): Credential => ({
  kind: 'oauth_token',
  tokenId: 1,
  tokenUuid: 'uuid',
  application: 'ci',
  applicationId: 'client',
  scopes,
})

function person(standing: Partial<Standing> = {}, credential = session): UserPrincipal {
  return {
    kind: 'user',
    id: 1,
    uuid: 'uuid',
    username: 'ada',
    credentialEpoch: 'epoch',
    standing: { ...normal, ...standing },
    credential,
  }
}

const repositoryRoles: (RepositoryRole | null)[] = [null, 'read', 'write', 'admin']
const teamRoles: (TeamRole | null)[] = [null, 'member', 'creator', 'admin']
const rank = <T>(ladder: readonly (T | null)[], role: T | undefined) => ladder.indexOf(role ?? null)

const anyHoldings = fc.record({
  ownsNamespace: fc.boolean(),
  teamRole: fc.constantFrom(...teamRoles),
  grantedRole: fc.constantFrom(...repositoryRoles),
})
const anyRules = fc.record({ FEATURE_SUPERUSERS_FULL_ACCESS: fc.boolean() })
const anyStanding = fc.record({
  superuser: fc.boolean(),
  globalReadonlySuperuser: fc.boolean(),
  restricted: fc.boolean(),
})
const anyScopes = fc.subarray([...oauthScopes])
const anyCredential = fc
  .option(anyScopes)
  .map((scopes) => (scopes ? tokenWith(...scopes) : session))

describe('a role on a repository', () => {
  test('comes from a grant, as it was given', () => {
    for (const role of ['read', 'write', 'admin'] as const)
      expect(repositoryRole(person(), { ...nothing, grantedRole: role }, strict)).toBe(role)
  })

  test('is admin for the owner of the namespace and for admin teams, not for other teams', () => {
    const role = (holdings: Partial<Holdings>) =>
      repositoryRole(person(), { ...nothing, ...holdings }, strict)
    expect(role({ ownsNamespace: true })).toBe('admin')
    expect(role({ teamRole: 'admin' })).toBe('admin')
    expect(role({ teamRole: 'creator' })).toBeUndefined()
    expect(role({ teamRole: 'member' })).toBeUndefined()
  })

  test('is admin for a superuser only with full access switched on', () => {
    expect(repositoryRole(person({ superuser: true }), nothing, strict)).toBeUndefined()
    expect(repositoryRole(person({ superuser: true }), nothing, open)).toBe('admin')
    expect(repositoryRole(person(), nothing, open)).toBeUndefined()
  })

  test('is never had by nobody', () => {
    fc.assert(
      fc.property(anyHoldings, anyRules, (holdings, rules) => {
        expect(repositoryRole(nobody, holdings, rules)).toBeUndefined()
        expect(namespaceRole(nobody, holdings, rules)).toBeUndefined()
        expect(mayCreateRepository(nobody, holdings, rules)).toBe(false)
      }),
    )
  })

  test('includes the weaker ones, and none includes a stronger one', () => {
    expect(includesRole('admin', 'write')).toBe(true)
    expect(includesRole('write', 'write')).toBe(true)
    expect(includesRole('read', 'write')).toBe(false)
    expect(includesRole(undefined, 'read')).toBe(false)
  })
})

describe('what properties hold for all callers', () => {
  test('a grant or a team role never takes a right away', () => {
    fc.assert(
      fc.property(
        anyStanding,
        anyCredential,
        anyHoldings,
        anyHoldings,
        anyRules,
        (standing, credential, before, added, rules) => {
          const caller = person(standing, credential)
          const stronger = <T>(ladder: readonly T[], a: T, b: T) =>
            ladder[Math.max(ladder.indexOf(a), ladder.indexOf(b))]!
          const after: Holdings = {
            ownsNamespace: before.ownsNamespace,
            teamRole: stronger(teamRoles, before.teamRole, added.teamRole),
            grantedRole: stronger(repositoryRoles, before.grantedRole, added.grantedRole),
          }
          expect(
            rank(repositoryRoles, repositoryRole(caller, after, rules)),
          ).toBeGreaterThanOrEqual(rank(repositoryRoles, repositoryRole(caller, before, rules)))
          expect(rank(teamRoles, namespaceRole(caller, after, rules))).toBeGreaterThanOrEqual(
            rank(teamRoles, namespaceRole(caller, before, rules)),
          )
          expect(Number(mayCreateRepository(caller, after, rules))).toBeGreaterThanOrEqual(
            Number(mayCreateRepository(caller, before, rules)),
          )
        },
      ),
    )
  })

  test('the scopes of a token never add a right that its owner lacks', () => {
    fc.assert(
      fc.property(
        anyStanding,
        anyScopes,
        anyHoldings,
        anyRules,
        (standing, scopes, held, rules) => {
          const token = person(standing, tokenWith(...scopes))
          const owner = person(standing)
          expect(rank(repositoryRoles, repositoryRole(token, held, rules))).toBeLessThanOrEqual(
            rank(repositoryRoles, repositoryRole(owner, held, rules)),
          )
          expect(rank(teamRoles, namespaceRole(token, held, rules))).toBeLessThanOrEqual(
            rank(teamRoles, namespaceRole(owner, held, rules)),
          )
          expect(Number(actsAsSuperuser(token))).toBeLessThanOrEqual(Number(actsAsSuperuser(owner)))
          expect(Number(mayCreateRepository(token, held, rules))).toBeLessThanOrEqual(
            Number(mayCreateRepository(owner, held, rules)),
          )
        },
      ),
    )
  })

  test('a registry token has the rights of the OAuth token that it was made with, or of its subject', () => {
    fc.assert(
      fc.property(
        anyStanding,
        anyCredential,
        anyHoldings,
        anyRules,
        (standing, own, held, rules) => {
          const madeWith = own.kind === 'oauth_token' ? { madeWith: own } : {}
          const before = person(standing, own)
          const after = person(standing, { kind: 'registry_token', access: [], ...madeWith })
          for (const decide of [repositoryRole, namespaceRole, mayCreateRepository])
            expect(decide(after, held, rules)).toBe(decide(before, held, rules))
          expect(actsAsSuperuser(after)).toBe(actsAsSuperuser(before))
          expect(visibilityOf(after, rules)).toEqual(visibilityOf(before, rules))
        },
      ),
    )
  })

  test('a further scope never takes a right away', () => {
    fc.assert(
      fc.property(
        anyScopes,
        fc.constantFrom(...oauthScopes),
        anyHoldings,
        anyRules,
        (scopes, added, held, rules) => {
          const before = person({ superuser: true }, tokenWith(...scopes))
          const after = person({ superuser: true }, tokenWith(...scopes, added))
          expect(rank(repositoryRoles, repositoryRole(after, held, rules))).toBeGreaterThanOrEqual(
            rank(repositoryRoles, repositoryRole(before, held, rules)),
          )
          expect(rank(teamRoles, namespaceRole(after, held, rules))).toBeGreaterThanOrEqual(
            rank(teamRoles, namespaceRole(before, held, rules)),
          )
        },
      ),
    )
  })
})

describe('the scopes of a token', () => {
  const owns: Holdings = { ...nothing, ownsNamespace: true }

  test('lower the role of its owner to the highest that one of them allows', () => {
    const role = (...scopes: OAuthScope[]) =>
      repositoryRole(person({}, tokenWith(...scopes)), owns, strict)
    expect(role('repo:read')).toBe('read')
    expect(role('repo:read', 'repo:write')).toBe('write')
    expect(role('repo:admin', 'repo:read')).toBe('admin')
    expect(role('user:admin', 'org:admin', 'repo:create')).toBeUndefined()
  })

  test('allow repositories to be created with repo:create or org:admin alone', () => {
    const mayCreate = (...scopes: OAuthScope[]) =>
      mayCreateRepository(person({}, tokenWith(...scopes)), owns, strict)
    expect(mayCreate('repo:create')).toBe(true)
    expect(mayCreate('org:admin')).toBe(true)
    expect(mayCreate('repo:admin', 'user:admin', 'super:user')).toBe(false)
  })

  test('open the own account as far as user:read and user:admin say', () => {
    const role = (...scopes: OAuthScope[]) => ownAccountRole(person({}, tokenWith(...scopes)))
    expect(role('user:read')).toBe('read')
    expect(role('user:read', 'user:admin')).toBe('admin')
    expect(role('repo:admin')).toBeUndefined()
    expect(ownAccountRole(person())).toBe('admin')
    expect(ownAccountRole(nobody)).toBeUndefined()
  })

  test('make a superuser of a superuser with super:user alone', () => {
    expect(actsAsSuperuser(person({ superuser: true }))).toBe(true)
    expect(actsAsSuperuser(person({ superuser: true }, tokenWith('super:user')))).toBe(true)
    expect(actsAsSuperuser(person({ superuser: true }, tokenWith('repo:admin')))).toBe(false)
    expect(actsAsSuperuser(person({}, tokenWith('super:user')))).toBe(false)
  })
})

describe('creating repositories', () => {
  test('takes a creator or admin team, or the own namespace', () => {
    const mayCreate = (held: Partial<Holdings>) =>
      mayCreateRepository(person(), { ...nothing, ...held }, strict)
    expect(mayCreate({ ownsNamespace: true })).toBe(true)
    expect(mayCreate({ teamRole: 'creator' })).toBe(true)
    expect(mayCreate({ teamRole: 'admin' })).toBe(true)
    expect(mayCreate({ teamRole: 'member' })).toBe(false)
    expect(mayCreate({ grantedRole: 'admin' })).toBe(false)
  })

  test('is refused to restricted users in their own namespace, not in a team', () => {
    const restricted = person({ restricted: true })
    expect(mayCreateRepository(restricted, { ...nothing, ownsNamespace: true }, strict)).toBe(false)
    expect(mayCreateRepository(restricted, { ...nothing, teamRole: 'creator' }, strict)).toBe(true)
  })
})

describe('the standing of a user', () => {
  const rules = {
    FEATURE_SUPER_USERS: true,
    SUPER_USERS: ['root'],
    GLOBAL_READONLY_SUPER_USERS: ['auditor'],
    FEATURE_RESTRICTED_USERS: true,
    RESTRICTED_USERS_WHITELIST: ['ada'],
  }
  const of = (username: string, isSuperuser = false, changed: Partial<typeof rules> = {}) =>
    standingOf({ username, isSuperuser }, { ...rules, ...changed })

  test('is superuser by name or by the mark on the account, while the feature is on', () => {
    expect(of('root').superuser).toBe(true)
    expect(of('ada', true).superuser).toBe(true)
    expect(of('ada').superuser).toBe(false)
    expect(of('root', true, { FEATURE_SUPER_USERS: false }).superuser).toBe(false)
  })

  test('is read-only, and not superuser, for those who are named as both', () => {
    expect(of('auditor', true)).toMatchObject({ superuser: false, globalReadonlySuperuser: true })
  })

  test('is restricted unless whitelisted or superuser', () => {
    expect(of('bob').restricted).toBe(true)
    expect(of('ada').restricted).toBe(false)
    expect(of('root').restricted).toBe(false)
    expect(of('bob', false, { FEATURE_RESTRICTED_USERS: false }).restricted).toBe(false)
  })
})

import { expect, test } from 'vitest'

import type { Holdings } from '#domain/access.ts'
import { coversScopes, mayGiveScopes, parseOAuthScopes } from '#domain/oauth-scope.ts'
import type { Credential, OAuthScope, UserPrincipal } from '#domain/principal.ts'

test('scopes are separated by spaces or commas, and one that is not known spoils the set', () => {
  expect(parseOAuthScopes('repo:read repo:write,user:read')).toEqual([
    'repo:read',
    'repo:write',
    'user:read',
  ])
  expect(parseOAuthScopes(' repo:read, repo:read ')).toEqual(['repo:read'])
  for (const text of ['', ' , ', 'repo:read repo:fly', 'REPO:READ', 'repo:readrepo:write'])
    expect(parseOAuthScopes(text)).toBeUndefined()
})

test('repo:admin covers repo:write covers repo:read, and nothing else covers another', () => {
  const covers = (held: OAuthScope, wanted: OAuthScope) => coversScopes([held], [wanted])
  expect(covers('repo:admin', 'repo:write')).toBe(true)
  expect(covers('repo:admin', 'repo:read')).toBe(true)
  expect(covers('repo:write', 'repo:read')).toBe(true)
  expect(covers('repo:read', 'repo:write')).toBe(false)
  expect(covers('repo:admin', 'repo:create')).toBe(false)
  expect(covers('user:admin', 'user:read')).toBe(false)
  expect(covers('org:admin', 'repo:read')).toBe(false)
})

const rules = { FEATURE_SUPERUSERS_FULL_ACCESS: false }
const nothing: Holdings = { ownsNamespace: false, teamRole: null, grantedRole: null }

function user(credential: Credential, superuser = false): UserPrincipal {
  const standing = { superuser, globalReadonlySuperuser: false, restricted: false }
  const names = { id: 1, uuid: 'u', username: 'ada', credentialEpoch: 'e' }
  return { kind: 'user', ...names, standing, credential }
}
const person = user({ kind: 'password' })
const bearer = (scopes: OAuthScope[]) =>
  user({
    kind: 'oauth_token',
    tokenId: 1,
    tokenUuid: 't',
    application: 'a',
    applicationId: 'a',
    scopes,
  })
const may = (principal: UserPrincipal, holdings: Holdings, ...scopes: OAuthScope[]) =>
  mayGiveScopes(principal, holdings, { scopes, rules })

test('a grant on one repository, or a role that is too low, gives no scope for all of them', () => {
  expect(may(person, { ...nothing, grantedRole: 'admin' }, 'repo:read')).toBe(false)
  expect(may(person, { ...nothing, teamRole: 'member' }, 'repo:read')).toBe(false)
  const creator = { ...nothing, teamRole: 'creator' } as const
  expect(may(person, creator, 'repo:create')).toBe(true)
  expect(may(person, creator, 'repo:create', 'org:admin')).toBe(false)
})

test('administrators give every scope but the one of superusers', () => {
  const admin = { ...nothing, teamRole: 'admin' } as const
  expect(may(person, admin, 'repo:admin', 'repo:create', 'org:admin', 'user:admin')).toBe(true)
  expect(may(person, admin, 'super:user')).toBe(false)
  expect(may(user({ kind: 'password' }, true), admin, 'super:user')).toBe(true)
})

test('a token gives no more than it has', () => {
  const admin = { ...nothing, teamRole: 'admin' } as const
  expect(may(bearer(['org:admin', 'repo:write']), admin, 'repo:read', 'org:admin')).toBe(true)
  expect(may(bearer(['org:admin', 'repo:write']), admin, 'repo:admin')).toBe(false)
  expect(may(bearer(['org:admin']), admin, 'user:read')).toBe(false)
})

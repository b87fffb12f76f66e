import { describe, expect, test } from 'vitest'

import { oauthScopes, type OAuthScope } from '#domain/principal.ts'
import { grant, mintToken, setEnabled } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { makeCall } from '#test/support/client.ts'
import { passwordOf, signIn, startServer, type TestServer } from '#test/support/server.ts'

const me = '/api/v1/user/'
const newRepo = { repository: 'made', visibility: 'private', description: '' }

/** A server where `acme` owns `acme/nginx` (private) and `acme/open` (public). */
async function startWithRepositories(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call: owner } = await server.user('acme')
  const { url } = await server.repository('acme/nginx')
  await owner('POST', '/api/v1/repository', {
    body: { ...newRepo, repository: 'open', visibility: 'public' },
  })
  return { server, owner, url, open: '/api/v1/repository/acme/open' }
}

async function tokenOf(server: TestServer, username: string, ...scopes: OAuthScope[]) {
  return server.withToken(await mintToken(server, username, scopes))
}

/** What a caller may do: the status of one call for each right. */
async function rightsOf(call: Call, url: string) {
  const statuses = async (...calls: [string, string, object?][]) => {
    const found = []
    for (const [method, path, body] of calls)
      found.push((await call(method, path, body && { body })).status)
    return found
  }
  const [read, write, admin, create, profile, account] = await statuses(
    ['GET', url],
    ['PUT', url, { description: 'x' }],
    ['POST', `${url}/changevisibility`, { visibility: 'private' }],
    ['POST', '/api/v1/repository', { ...newRepo, repository: `r${Math.random()}`.slice(0, 12) }],
    ['GET', me],
    ['PUT', me, {}],
  )
  return { read, write, admin, create, profile, account }
}

const all = { read: 200, write: 200, admin: 200, create: 201, profile: 200, account: 200 }
const none = { read: 403, write: 403, admin: 403, create: 403, profile: 401, account: 403 }

describe('Basic credentials', () => {
  test('are not accepted by the management API, even where everybody is served', async () => {
    const { server, url, open } = await startWithRepositories()
    const credentials = Buffer.from(`acme:${passwordOf('acme')}`).toString('base64')
    const call = makeCall(server.url, () => ({ authorization: `Basic ${credentials}` }))
    for (const path of [me, url, open, '/api/v1/repository?public=true', '/api/v1/users/acme'])
      expect(await outcome(call('GET', path))).toEqual([401, 'invalid_token'])
    expect(await outcome(call('POST', '/api/v1/repository', { body: newRepo }))).toEqual([
      401,
      'invalid_token',
    ])
  })

  test('are answered without a challenge, so that browsers do not ask for a password', async () => {
    const { server } = await startWithRepositories()
    const call = makeCall(server.url, () => ({ authorization: 'Basic YTpi' }))
    expect((await call('GET', me)).headers.has('www-authenticate')).toBe(false)
  })
})

describe('a Bearer token that does not work', () => {
  test('makes the call anonymous: public things are served, the rest answers 401', async () => {
    const { server, url, open } = await startWithRepositories()
    const good = await mintToken(server, 'acme', ['repo:admin'])
    const expired = await mintToken(server, 'acme', ['repo:admin'], { lifeSeconds: -1 })
    for (const token of [
      '',
      'x',
      'a.b.c',
      'x'.repeat(40),
      `${good}x`,
      good.slice(0, 39),
      expired,
    ]) {
      const call = server.withToken(token)
      expect((await call('GET', open)).json.can_admin).toBe(false)
      expect(await outcome(call('GET', url))).toEqual([401, 'invalid_token'])
      expect(await outcome(call('DELETE', open))).toEqual([401, 'invalid_token'])
    }
  })

  test('is not mended by a cookie', async () => {
    const { server, url } = await startWithRepositories()
    const { cookie } = await signIn(server.call, 'acme')
    const call = server.withToken('x'.repeat(40))
    expect(await outcome(call('GET', url, { headers: { cookie } }))).toEqual([401, 'invalid_token'])
  })

  test('is one whose time is over, or whose user is disabled', async () => {
    const { server, url } = await startWithRepositories()
    const call = server.withToken(
      await mintToken(server, 'acme', ['repo:read'], { lifeSeconds: 60 }),
    )
    expect((await call('GET', url)).status).toBe(200)
    await setEnabled(server, 'acme', false)
    expect((await call('GET', url)).status).toBe(401)
    await setEnabled(server, 'acme', true)
    server.clock.advance(61)
    expect((await call('GET', url)).status).toBe(401)
  })
})

describe('an OAuth token', () => {
  test('may do what its scopes and its owner may do, scope by scope', async () => {
    const { server, url } = await startWithRepositories()
    const expected: Record<OAuthScope, object> = {
      'repo:read': { ...none, read: 200 },
      'repo:write': { ...none, read: 200, write: 200 },
      'repo:admin': { ...none, read: 200, write: 200, admin: 200 },
      'repo:create': { ...none, create: 201 },
      'user:read': { ...none, profile: 200 },
      'user:admin': { ...none, profile: 200, account: 200 },
      'org:admin': { ...none, create: 201 },
      'super:user': none,
    }
    for (const scope of oauthScopes)
      expect([scope, await rightsOf(await tokenOf(server, 'acme', scope), url)]).toEqual([
        scope,
        expected[scope],
      ])
    expect(await rightsOf(await tokenOf(server, 'acme', ...oauthScopes), url)).toEqual(all)
  })

  test('with every scope may do no more than its owner', async () => {
    const { server, url } = await startWithRepositories()
    await server.user('stranger')
    const call = await tokenOf(server, 'stranger', ...oauthScopes)
    expect(await rightsOf(call, url)).toEqual({ ...all, read: 403, write: 403, admin: 403 })
    await grant(server, 'acme/nginx', 'stranger', 'read')
    expect((await rightsOf(call, url)).read).toBe(200)
  })

  test('lists private repositories with a repository scope alone', async () => {
    const { server } = await startWithRepositories()
    const count = async (scope: OAuthScope) => {
      const call = await tokenOf(server, 'acme', scope)
      const { json } = await call('GET', '/api/v1/repository?namespace=acme&public=true')
      return json.repositories.length
    }
    expect(await count('repo:read')).toBe(2)
    expect(await count('user:admin')).toBe(1)
  })

  test('is of use on /api/v1 alone', async () => {
    const { server } = await startWithRepositories()
    const call = await tokenOf(server, 'acme', ...oauthScopes)
    expect((await call('GET', '/v2/')).status).toBe(401)
  })
})

describe('superusers', () => {
  const withRoot = async (settings: Record<string, string>) => {
    const started = await startWithRepositories({ SUPER_USERS: 'root', ...settings })
    await started.server.user('root')
    return { ...started, root: started.server.as('root') }
  }

  test('pass every check of a repository with FEATURE_SUPERUSERS_FULL_ACCESS', async () => {
    const { root, url } = await withRoot({ FEATURE_SUPERUSERS_FULL_ACCESS: 'true' })
    expect(await rightsOf(root, url)).toEqual(all)
    expect((await root('GET', url)).json).toMatchObject({ can_write: true, can_admin: true })
    const list = await root('GET', '/api/v1/repository?namespace=acme')
    expect(list.json.repositories).toHaveLength(2)
    const body = { ...newRepo, namespace: 'acme' }
    expect((await root('POST', '/api/v1/repository', { body })).status).toBe(201)
  })

  test('are told what is not there with full access', async () => {
    const { root } = await withRoot({ FEATURE_SUPERUSERS_FULL_ACCESS: 'true' })
    for (const name of ['acme/none', 'nobody/none'])
      expect(await outcome(root('GET', `/api/v1/repository/${name}`))).toEqual([404, 'not_found'])
  })

  test('have no more rights than others without it', async () => {
    const { root, url } = await withRoot({})
    expect(await rightsOf(root, url)).toEqual({ ...all, read: 403, write: 403, admin: 403 })
    const list = await root('GET', '/api/v1/repository?namespace=acme')
    expect(list.json.repositories).toHaveLength(0)
  })

  test('need the scope super:user in a token', async () => {
    const { server, url } = await withRoot({ FEATURE_SUPERUSERS_FULL_ACCESS: 'true' })
    const without = await tokenOf(server, 'root', 'repo:admin')
    expect((await without('GET', url)).status).toBe(403)
    const within = await tokenOf(server, 'root', 'repo:read', 'super:user')
    expect((await within('GET', url)).status).toBe(200)
    expect((await within('PUT', url, { body: { description: '' } })).status).toBe(403)
  })

  test('are none without FEATURE_SUPER_USERS', async () => {
    const { root, url } = await withRoot({
      FEATURE_SUPERUSERS_FULL_ACCESS: 'true',
      FEATURE_SUPER_USERS: 'false',
    })
    expect((await root('GET', url)).status).toBe(403)
    expect((await root('GET', me)).json).not.toHaveProperty('super_user')
  })
})

describe('global read-only superusers', () => {
  test('read every repository and change none', async () => {
    const { server, url } = await startWithRepositories({ GLOBAL_READONLY_SUPER_USERS: 'auditor' })
    const { call } = await server.user('auditor')
    expect(await rightsOf(call, url)).toEqual({ ...all, write: 403, admin: 403 })
    expect((await call('GET', `${url}/tag/`)).json.tags).toHaveLength(1)
    expect((await call('GET', url)).json).toMatchObject({ can_write: false, can_admin: true })
    const list = await call('GET', '/api/v1/repository?namespace=acme')
    expect(list.json.repositories).toHaveLength(2)
    expect(await outcome(call('GET', '/api/v1/repository/acme/none'))).toEqual([404, 'not_found'])
  })

  test('stay read-only when they are superusers with full access too', async () => {
    const { server, url } = await startWithRepositories({
      GLOBAL_READONLY_SUPER_USERS: 'auditor',
      SUPER_USERS: 'auditor',
      FEATURE_SUPERUSERS_FULL_ACCESS: 'true',
    })
    const { call } = await server.user('auditor', { superuser: true })
    expect(await outcome(call('DELETE', url))).toEqual([403, 'insufficient_scope'])
  })
})

describe('restricted users', () => {
  test('create no repositories in their own namespace, unless they are whitelisted', async () => {
    const server = await startServer({
      FEATURE_RESTRICTED_USERS: 'true',
      RESTRICTED_USERS_WHITELIST: 'trusted',
    })
    const { call } = await server.user('bob')
    const trusted = await server.user('trusted')
    const make = (by: Call) => outcome(by('POST', '/api/v1/repository', { body: newRepo }))
    expect(await make(call)).toEqual([403, 'insufficient_scope'])
    expect(await make(trusted.call)).toEqual([201])
  })
})

describe('without FEATURE_ANONYMOUS_ACCESS', () => {
  test('nobody sees even what is public', async () => {
    const { server, owner, open } = await startWithRepositories({
      FEATURE_ANONYMOUS_ACCESS: 'false',
    })
    for (const path of [open, `${open}/tag/`, '/api/v1/repository?public=true']) {
      const answer = await server.call('GET', path)
      expect(await outcome(answer)).toEqual([401, 'invalid_token'])
      expect(answer.json.detail).toBe('Anonymous access is not allowed')
      expect((await owner('GET', path)).status).toBe(200)
    }
  })

  test('people can still sign in', async () => {
    const { server } = await startWithRepositories({ FEATURE_ANONYMOUS_ACCESS: 'false' })
    expect((await signIn(server.call, 'acme')).csrfToken).toBeTruthy()
    expect((await server.call('GET', me)).json.session_required).toBe(false)
  })
})

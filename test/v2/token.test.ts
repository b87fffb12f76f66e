import { expect, test } from 'vitest'

import { grant } from '#test/support/account.ts'
import { outcome, type Answer } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { passwordOf, startServer, type TestServer } from '#test/support/server.ts'
import { basic, newOwner, readToken, setPublic, shareServer } from '#test/support/shared.ts'

const shared = shareServer()

/** Asks for a token with user name and password, or as nobody. */
function ask(
  server: TestServer,
  name: string | undefined,
  query: [string, string][],
): Promise<Answer> {
  return server.call('GET', `/v2/auth?${new URLSearchParams(query)}`, {
    headers: name === undefined ? {} : { authorization: basic(name, passwordOf(name)) },
  })
}

async function granted(server: TestServer, name: string | undefined, ...scopes: string[]) {
  const answer = await ask(
    server,
    name,
    scopes.map((scope) => ['scope', scope]),
  )
  expect(answer.status).toBe(200)
  return readToken(answer.json.token).claims.access
}

test('a token is an ES256 JWT of five minutes that names its issuer, its registry and its key', async () => {
  const server = shared()
  const { name } = await newOwner(server)
  const { json } = await ask(server, name, [['service', server.host]])
  const { header, claims } = readToken(json.token)
  expect(json).toMatchObject({ access_token: json.token, expires_in: 300 })
  expect(claims).toMatchObject({ iss: 'registry', aud: server.host, sub: name, access: [] })
  expect([claims.exp - claims.iat, claims.nbf - claims.iat]).toEqual([300, 0])
  expect(Math.floor(Date.parse(json.issued_at) / 1000)).toBe(claims.iat)
  const { keys } = (await server.call('GET', '/keys/services/registry/keys')).json
  expect(header.alg).toBe('ES256')
  expect(keys.map(({ kid }: { kid: string }) => kid)).toContain(header.kid)
})

test('repeated scopes and scopes joined by spaces mean the same, and one thing has one entry', async () => {
  const server = shared()
  const { name } = await newOwner(server)
  const first = `repository:${name}/a:pull`
  const second = `repository:${name}/b:pull,push`
  const third = `repository:${name}/a:push`
  const expected = [
    { type: 'repository', name: `${name}/a`, actions: ['pull', 'push'] },
    { type: 'repository', name: `${name}/b`, actions: ['pull', 'push'] },
  ]
  expect(await granted(server, name, first, second, third)).toEqual(expected)
  expect(await granted(server, name, `${first} ${second}  ${third}`)).toEqual(expected)
  expect(await granted(server, name, `${first} ${second}`, third)).toEqual(expected)
})

test('a user logs in by name or by e-mail address, and every wrong login is answered alike', async () => {
  const server = shared()
  const { name } = await newOwner(server)
  const call = (authorization: string) =>
    server.call('GET', '/v2/auth', { headers: { authorization } })
  for (const login of [name, `${name}@example.com`]) {
    const { status, json } = await call(basic(login, passwordOf(name)))
    expect([status, readToken(json.token).claims.sub]).toEqual([200, name])
  }
  const wrong = await call(basic(name, 'wrong-password'))
  expect(await outcome(wrong)).toEqual([401, 'UNAUTHORIZED'])
  expect(wrong.headers.get('www-authenticate')).toBe(`Basic realm="${server.host}"`)
  const unknown = await call(basic('nobody-at-all', 'wrong-password'))
  expect([unknown.status, unknown.text]).toEqual([401, wrong.text])
  for (const malformed of ['Bearer x', 'Basic', 'Basic !!!', 'Basic bm9jb2xvbg==', 'Digest x'])
    expect(await outcome(call(malformed))).toEqual([401, 'UNAUTHORIZED'])
})

test('nobody gets to pull what is public and nothing else', async () => {
  const server = shared()
  const { name, fullName, push } = await newOwner(server)
  await pushImage(push, fullName, ['v1'])
  await setPublic(server, fullName)
  expect(await granted(server, undefined, `repository:${fullName}:pull,push,delete,*`)).toEqual([
    { type: 'repository', name: fullName, actions: ['pull'] },
  ])
  expect(await granted(server, undefined, `repository:${name}/other:pull`)).toEqual([
    { type: 'repository', name: `${name}/other`, actions: [] },
  ])
  const { json } = await ask(server, undefined, [['scope', 'registry:catalog:*']])
  expect(readToken(json.token).claims).toMatchObject({
    sub: '(anonymous)',
    access: [{ type: 'registry', name: 'catalog', actions: [] }],
  })
})

test('nobody gets no token for nothing, unless the catalog is for everybody', async () => {
  const server = shared()
  for (const query of [[], [['scope', '']], [['scope', ' ']], [['service', server.host]]] as [
    string,
    string,
  ][][]) {
    const answer = await ask(server, undefined, query)
    expect(await outcome(answer)).toEqual([401, 'UNAUTHORIZED'])
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="/)
  }
  const { name } = await newOwner(server)
  expect((await ask(server, name, [])).status).toBe(200)
  const open = await startServer({ FEATURE_PUBLIC_CATALOG: 'true' })
  const call = await open.registry(undefined)
  expect((await call('GET', '/v2/_catalog')).json).toEqual({ repositories: [] })
})

test('a token is given for this registry only', async () => {
  const server = shared()
  const { name } = await newOwner(server)
  for (const service of ['quay.io', 'localhost', '', `${server.host}/`])
    expect(await outcome(ask(server, name, [['service', service]]))).toEqual([
      400,
      'INVALID_REQUEST',
    ])
  expect(await outcome(ask(server, name, [['service', server.host]]))).toEqual([200])
  expect(await outcome(ask(server, name, []))).toEqual([200])
})

test('what is no scope is refused, and says what a scope looks like', async () => {
  const server = shared()
  const { name } = await newOwner(server)
  const malformed = [
    'repository',
    'repository:x',
    'repository::pull',
    ':a/b:pull',
    'Repository:a/b:pull',
    'repository:a/b:pull push',
    'repository:a/b:PULL',
    'repository:a/b:pull;push',
  ]
  for (const scope of malformed) {
    const answer = await ask(server, name, [['scope', scope]])
    expect([scope, ...(await outcome(answer))]).toEqual([scope, 400, 'INVALID_REQUEST'])
    expect(answer.json.errors[0].message).toContain('expected repository:NAME:')
  }
  for (const wrongName of ['UPPER/case', 'a//b', '../b', 'a/b/', `a/${'b'.repeat(300)}`])
    expect(await outcome(ask(server, name, [['scope', `repository:${wrongName}:pull`]]))).toEqual([
      400,
      'NAME_INVALID',
    ])
  const many = Array.from({ length: 101 }, (_, index) => `repository:a/b${index}:pull`)
  expect(await outcome(ask(server, name, [['scope', many.join(' ')]]))).toEqual([
    400,
    'INVALID_REQUEST',
  ])
  expect(
    await outcome(
      ask(
        server,
        name,
        many.map((scope) => ['scope', scope]),
      ),
    ),
  ).toEqual([400, 'INVALID_REQUEST'])
})

test('types and actions that the registry does not know grant nothing and are no error', async () => {
  const server = shared()
  const { name, fullName } = await newOwner(server)
  expect(
    await granted(
      server,
      name,
      'registry:catalog:*',
      `repository(plugin):${fullName}:pull`,
      `repository:${name}/x:frobnicate,pull`,
      `repository:${name}/y:`,
    ),
  ).toEqual([
    { type: 'registry', name: 'catalog', actions: [] },
    { type: 'repository', name: fullName, actions: ['pull'] },
    { type: 'repository', name: `${name}/x`, actions: ['pull'] },
    { type: 'repository', name: `${name}/y`, actions: [] },
  ])
})

test('a name may carry the host, and the token then works for the name without', async () => {
  const server = shared()
  const { name, fullName, path, push } = await newOwner(server)
  await pushImage(push, fullName, ['v1'])
  const scope = `repository:${server.host}/${fullName}:pull`
  expect(await granted(server, name, scope)).toEqual([
    { type: 'repository', name: `${server.host}/${fullName}`, actions: ['pull'] },
  ])
  const pull = await server.registry(name, scope)
  expect(await outcome(pull('GET', `${path}/manifests/v1`))).toEqual([200])
})

test('each gets what they may do: readers pull, writers push and delete, administrators everything', async () => {
  const server = shared()
  const { fullName, push, name } = await newOwner(server)
  await pushImage(push, fullName, ['v1'])
  const scope = `repository:${fullName}:push,delete,*,pull`
  const people: [role: 'read' | 'write' | 'admin', actions: string[]][] = [
    ['read', ['pull']],
    ['write', ['pull', 'push', 'delete']],
    ['admin', ['pull', 'push', 'delete', '*']],
  ]
  for (const [role, actions] of people) {
    const person = `${name}-${role}`
    await server.user(person)
    await grant(server, fullName, person, role)
    expect(await granted(server, person, scope)).toMatchObject([{ actions }])
  }
  expect(await granted(server, name, scope)).toMatchObject([
    { actions: ['pull', 'push', 'delete', '*'] },
  ])
  await server.user(`${name}-stranger`)
  expect(await granted(server, `${name}-stranger`, scope)).toMatchObject([{ actions: [] }])
})

test('asking for a token makes nothing, and a push token for a new repository works', async () => {
  const server = shared()
  const { name, fullName, path } = await newOwner(server)
  expect(await granted(server, name, `repository:${fullName}:pull,push`)).toMatchObject([
    { actions: ['pull', 'push'] },
  ])
  expect(await granted(server, name, 'repository:nowhere/app:pull,push')).toMatchObject([
    { actions: [] },
  ])
  const rows = await server.deps.db
    .selectFrom('repository as r')
    .innerJoin('namespace as n', 'n.id', 'r.namespace_id')
    .select('r.id')
    .where('n.name', 'in', [name, 'nowhere'])
    .execute()
  expect(rows).toEqual([])
  const push = await server.registry(name, `repository:${fullName}:pull,push`)
  expect(await outcome(push('GET', `${path}/tags/list`))).toEqual([404, 'NAME_UNKNOWN'])
  expect(await outcome(push('POST', `${path}/blobs/uploads/`))).toEqual([202])
  expect(await outcome(push('GET', `${path}/tags/list`))).toEqual([200])
})

test('with CREATE_NAMESPACE_ON_PUSH a push token is given for a namespace that is not there', async () => {
  const server = await startServer({ CREATE_NAMESPACE_ON_PUSH: 'true' })
  await server.user('maker')
  expect(await granted(server, 'maker', 'repository:fresh/app:pull,push')).toMatchObject([
    { actions: ['pull', 'push'] },
  ])
  expect(await granted(server, undefined, 'repository:fresh/app:pull,push')).toMatchObject([
    { actions: [] },
  ])
  const push = await server.registry('maker', 'repository:fresh/app:pull,push')
  expect(await outcome(push('POST', '/v2/fresh/app/blobs/uploads/'))).toEqual([202])
  expect(await granted(server, 'maker', 'repository:fresh/app:*')).toMatchObject([
    { actions: ['pull', 'push', 'delete', '*'] },
  ])
})

test('wrong passwords lock an account for a while, against the right one too', async () => {
  const server = await startServer()
  await server.user('forgetful')
  const attempt = (password: string) =>
    server.call('GET', '/v2/auth', { headers: { authorization: basic('forgetful', password) } })
  expect(await outcome(attempt('wrong-one'))).toEqual([401, 'UNAUTHORIZED'])
  server.clock.advance(1)
  expect(await outcome(attempt('wrong-two'))).toEqual([401, 'UNAUTHORIZED'])
  const refused = await attempt(passwordOf('forgetful'))
  expect(await outcome(refused)).toEqual([429, 'TOOMANYREQUESTS'])
  const seconds = Number(refused.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  server.clock.advance(seconds)
  expect(await outcome(attempt(passwordOf('forgetful')))).toEqual([200])
})

test('of too many who bring a password at once, some are told to come back, and nobody gets an error', async () => {
  const server = shared()
  const answers = await Promise.all(
    Array.from({ length: 250 }, (_, index) =>
      server.call('GET', '/v2/auth', {
        headers: { authorization: basic(`nobody${index}`, 'guess') },
      }),
    ),
  )
  const refused = answers.find(({ status }) => status === 503)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 503]))
  expect(refused!.headers.get('retry-after')).toBe('5')
  const later = { headers: { authorization: basic('nobody', 'guess') } }
  expect(await outcome(server.call('GET', '/v2/auth', later))).toEqual([401, 'UNAUTHORIZED'])
})

import { expect, test } from 'vitest'

import type { Answer, Call } from '#test/support/client.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, pushImage } from '#test/support/image.ts'
import { startServer, passwordOf, type TestServer } from '#test/support/server.ts'
import { basic, newOwner, setPublic, shareServer } from '#test/support/shared.ts'

const shared = shareServer()
const digest = `sha256:${'0'.repeat(64)}`
const uuid = '0b8f2c1e-6d0e-4b1b-9a57-2f6f3d9f7c11'

/** Every operation on a repository, and the actions of its challenge. */
const operations: [method: string, path: string, actions: string][] = [
  ['GET', '/tags/list', 'pull'],
  ['GET', '/manifests/v1', 'pull'],
  ['HEAD', '/manifests/v1', 'pull'],
  ['GET', `/manifests/${digest}`, 'pull'],
  ['PUT', '/manifests/v1', 'pull,push'],
  ['DELETE', '/manifests/v1', 'delete'],
  ['GET', `/blobs/${digest}`, 'pull'],
  ['HEAD', `/blobs/${digest}`, 'pull'],
  ['DELETE', `/blobs/${digest}`, 'delete'],
  ['GET', `/referrers/${digest}`, 'pull'],
  ['POST', '/blobs/uploads/', 'pull,push'],
  ['GET', `/blobs/uploads/${uuid}`, 'pull,push'],
  ['PATCH', `/blobs/uploads/${uuid}`, 'pull,push'],
  ['PUT', `/blobs/uploads/${uuid}?digest=${digest}`, 'pull,push'],
  ['DELETE', `/blobs/uploads/${uuid}`, 'pull,push'],
]

function challengeOf(server: TestServer, scope?: string, error?: string) {
  return [
    `Bearer realm="${server.url}/v2/auth",service="${server.host}"`,
    ...(scope ? [`scope="${scope}"`] : []),
    ...(error ? [`error="${error}"`] : []),
  ].join(',')
}

test('each operation asks for a token with the actions that it needs', async () => {
  const server = shared()
  for (const [method, path, actions] of operations) {
    const answer = await server.call(method, `/v2/acme/app${path}`)
    const challenge = answer.headers.get('www-authenticate')
    const expected = challengeOf(server, `repository:acme/app:${actions}`)
    expect([method, path, answer.status, challenge]).toEqual([method, path, 401, expected])
  }
})

test('the version check and the catalogue name no scope', async () => {
  const server = shared()
  for (const path of ['/v2/', '/v2/_catalog']) {
    const answer = await server.call('GET', path)
    expect(await outcome(answer)).toEqual([401, 'UNAUTHORIZED'])
    expect(answer.headers.get('www-authenticate')).toBe(challengeOf(server))
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
  }
  const { name } = await newOwner(server)
  for (const call of [
    await server.registry(name),
    await server.registry(undefined, 'registry:catalog:*'),
  ]) {
    const answer = await call('GET', '/v2/')
    expect([answer.status, answer.json]).toEqual([200, {}])
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
  }
  expect(await outcome(server.call('GET', '/v2/_oci/ext/discover'))).toEqual([200])
})

test('a mount asks for both repositories at once', async () => {
  const server = shared()
  const path = `/v2/acme/app/blobs/uploads/?mount=${digest}`
  const challenge = async (query: string) =>
    (await server.call('POST', path + query)).headers.get('www-authenticate')
  const scope = 'repository:acme/app:pull,push'
  expect(await challenge('')).toBe(challengeOf(server, scope))
  expect(await challenge('&from=acme/base')).toBe(
    challengeOf(server, `${scope} repository:acme/base:pull`),
  )
  expect(await challenge('&from=Not%22A%20Name')).toBe(challengeOf(server, scope))
})

test('a token that does not do is told why: too little, or no good', async () => {
  const server = shared()
  const { name, fullName, path, push } = await newOwner(server)
  await pushImage(push, fullName, ['v1'])
  const scope = `repository:${fullName}:pull,push`
  const reader = await server.registry(name, `repository:${fullName}:pull`)
  const other = await server.registry(name, `repository:${name}/other:pull,push`)
  for (const call of [reader, other, await server.registry(name)]) {
    const answer = await call('POST', `${path}/blobs/uploads/`)
    expect(await outcome(answer)).toEqual([401, 'UNAUTHORIZED'])
    expect(answer.headers.get('www-authenticate')).toBe(
      challengeOf(server, scope, 'insufficient_scope'),
    )
  }
  for (const authorization of ['Bearer nonsense', basic(name, passwordOf(name)), 'Digest x']) {
    const answer = await server.call('POST', `${path}/blobs/uploads/`, {
      headers: { authorization },
    })
    expect(await outcome(answer)).toEqual([401, 'UNAUTHORIZED'])
    expect(answer.headers.get('www-authenticate')).toBe(challengeOf(server, scope, 'invalid_token'))
  }
})

test('a bad token is refused even where nobody needs one', async () => {
  const server = shared()
  const { fullName, path, push } = await newOwner(server)
  await pushImage(push, fullName, ['v1'])
  await setPublic(server, fullName)
  expect(await outcome(server.call('GET', `${path}/manifests/v1`))).toEqual([200])
  expect(await outcome(server.withToken('nonsense')('GET', `${path}/manifests/v1`))).toEqual([
    401,
    'UNAUTHORIZED',
  ])
})

test('what is public is pulled without a token, with an anonymous one, and by everybody; nobody writes to it', async () => {
  const server = shared()
  const { fullName, path, push, name } = await newOwner(server)
  const image = await pushImage(push, fullName, ['v1'])
  await setPublic(server, fullName)
  await server.user(`${name}-stranger`)
  const scope = `repository:${fullName}:pull,push,delete`
  const callers = [
    server.call,
    await server.registry(undefined, scope),
    await server.registry(`${name}-stranger`, scope),
  ]
  for (const call of callers) {
    expect((await call('GET', `${path}/manifests/v1`)).bytes).toEqual(
      new Uint8Array(image.manifest),
    )
    expect(await outcome(call('GET', `${path}/tags/list`))).toEqual([200])
    expect(await outcome(call('GET', `${path}/referrers/${image.digest}`))).toEqual([200])
    expect(await outcome(call('GET', `${path}/manifests/missing`))).toEqual([
      404,
      'MANIFEST_UNKNOWN',
    ])
    expect(await outcome(call('POST', `${path}/blobs/uploads/`))).toEqual([401, 'UNAUTHORIZED'])
    expect(await outcome(call('DELETE', `${path}/manifests/v1`))).toEqual([401, 'UNAUTHORIZED'])
  }
})

test('without anonymous access nobody is served, whatever is public', async () => {
  const server = await startServer({ FEATURE_ANONYMOUS_ACCESS: 'false' })
  const { fullName, path, push } = await newOwner(server)
  await pushImage(push, fullName, ['v1'])
  await setPublic(server, fullName)
  const anonymous = await server.registry(undefined, `repository:${fullName}:pull`)
  for (const call of [server.call, anonymous])
    expect(await outcome(call('GET', `${path}/manifests/v1`))).toEqual([401, 'UNAUTHORIZED'])
  expect(await outcome(anonymous('GET', '/v2/'))).toEqual([401, 'UNAUTHORIZED'])
  expect(await outcome(push('GET', `${path}/manifests/v1`))).toEqual([200])
})

/** An answer with the names of repositories and the time taken out. */
function blurred(answer: Answer, fullName: string) {
  const headers = Object.fromEntries(answer.headers)
  return JSON.stringify({
    status: answer.status,
    headers: { ...headers, date: '' },
    body: answer.text,
  })
    .replaceAll(fullName, 'NAME')
    .replaceAll(/"content-length":"\d+"/g, '')
}

test('a private repository looks like a missing one, in every operation and to everybody without a right', async () => {
  const server = shared()
  const { fullName, push, name } = await newOwner(server)
  await pushImage(push, fullName, ['v1'], makeImage())
  const stranger = `${name}-stranger`
  await server.user(stranger)
  const names = [fullName, `${name}/nothing`, 'no-namespace/nothing']
  const callersOf = async (each: string): Promise<Call[]> => [
    server.call,
    await server.registry(undefined, `repository:${each}:pull,push,delete`),
    await server.registry(stranger, `repository:${each}:pull,push,delete`),
    await server.registry(stranger),
  ]
  const callers = await Promise.all(names.map(callersOf))
  for (const [method, path] of operations)
    for (const index of [0, 1, 2, 3]) {
      const answers = await Promise.all(
        names.map(async (each, at) =>
          blurred(await callers[at]![index]!(method, `/v2/${each}${path}`), each),
        ),
      )
      expect([method, path, index, new Set(answers).size]).toEqual([method, path, index, 1])
      expect(answers[0]).toContain('"status":401')
    }
})

test('who administers the namespace is told that a repository is not there', async () => {
  const server = shared()
  const { path, push } = await newOwner(server)
  for (const [method, rest] of operations) {
    // A referrers list is empty, and a first write makes the repository.
    if (rest.startsWith('/referrers') || ['POST', 'PUT'].includes(method)) continue
    const code = method === 'HEAD' ? [] : ['NAME_UNKNOWN']
    const found = await outcome(push(method, path + rest))
    expect([method, rest, ...found]).toEqual([method, rest, 404, ...code])
  }
})

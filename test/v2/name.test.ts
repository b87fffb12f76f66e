import { expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { pushImage } from '#test/support/image.ts'
import { passwordOf, registryToken } from '#test/support/server.ts'
import { basic, newOwner, rawCall, shareServer } from '#test/support/shared.ts'

const shared = shareServer()
const digest = `sha256:${'0'.repeat(64)}`

test('slashes of a name may be sent as they are or as %2F, in any mix', async () => {
  const server = shared()
  const owner = await newOwner(server, 'deep/er/app')
  await pushImage(owner.push, owner.fullName, ['v1'])
  const authorization = `Bearer ${await registryToken(server.call, server.host, owner.name, [`repository:${owner.fullName}:pull`])}`
  for (const name of [
    owner.fullName,
    encodeURIComponent(owner.fullName),
    `${owner.name}%2fdeep/er%2Fapp`,
  ]) {
    const answer = await rawCall(server, 'GET', `/v2/${name}/tags/list`, {
      headers: { authorization },
    })
    expect([name, answer.status, answer.json]).toEqual([
      name,
      200,
      { name: owner.fullName, tags: ['v1'] },
    ])
  }
})

test('words of the protocol can be parts of a name', async () => {
  const server = shared()
  for (const part of ['blobs', 'blobs/uploads', 'manifests', 'manifests/latest', 'tags/list']) {
    const owner = await newOwner(server, part)
    const image = await pushImage(owner.push, owner.fullName, ['latest'])
    const { json } = await owner.push('GET', `${owner.path}/tags/list`)
    expect(json).toEqual({ name: owner.fullName, tags: ['latest'] })
    for (const path of ['manifests/latest', `manifests/${image.digest}`, `referrers/${digest}`])
      expect(await outcome(owner.push('GET', `${owner.path}/${path}`))).toEqual([200])
  }
})

test('a name of one part belongs to the library', async () => {
  const server = shared()
  await server.user('library')
  const push = await server.registry('library', 'repository:hello:pull,push')
  await pushImage(push, 'hello', ['v1'])
  for (const name of ['hello', 'library/hello']) {
    const pull = await server.registry('library', `repository:${name}:pull`)
    for (const asked of ['hello', 'library/hello']) {
      const { status, json } = await pull('GET', `/v2/${asked}/tags/list`)
      expect([status, json]).toEqual([200, { name: 'library/hello', tags: ['v1'] }])
    }
  }
  const challenge = await server.call('GET', '/v2/hello/tags/list')
  expect(challenge.headers.get('www-authenticate')).toContain('scope="repository:hello:pull"')
})

test('a name that breaks the grammar is refused, with a token and without', async () => {
  const server = shared()
  const { name } = await newOwner(server)
  const authorization = `Bearer ${await registryToken(server.call, server.host, name, [])}`
  const bad = [
    'Upper/case',
    'a_/b',
    'a/-b',
    'a/b-',
    'a/b..c',
    'a/b___c',
    '_catalog2/x',
    'a/b%20c',
    'a/%C3%BC',
    'a/b%2F',
    'a%2F%2Fb',
    '%2e%2e/b',
    'a/%2e%2e/b',
    'a/../../etc',
    `${'a'.repeat(100)}/${'b'.repeat(155)}`,
  ]
  for (const each of bad)
    for (const headers of [{}, { authorization }]) {
      const answer = await rawCall(server, 'GET', `/v2/${each}/tags/list`, { headers })
      expect([each, ...(await outcome(answer))]).toEqual([each, 400, 'NAME_INVALID'])
    }
  const longest = `${'a'.repeat(100)}/${'b'.repeat(154)}`
  expect((await rawCall(server, 'GET', `/v2/${longest}/tags/list`)).status).toBe(401)
})

test('paths that no operation has are 404 or 405, whoever asks', async () => {
  const server = shared()
  const { push, path } = await newOwner(server)
  for (const each of ['/v2/x', '/v2//', '/v2/_other', `${path}/other/list`, `${path}//tags/list`]) {
    const { status } = await rawCall(server, 'GET', each)
    expect([each, [400, 404].includes(status)]).toEqual([each, true])
  }
  const wrong = await push('POST', `${path}/tags/list`)
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect(await outcome(push('PATCH', `${path}/manifests/v1`))).toEqual([405, 'UNSUPPORTED'])
})

test('escapes that are broken, or hide what no name holds, are refused', async () => {
  const server = shared()
  for (const each of [
    '/v2/a/%zz/tags/list',
    '/v2/a/b%/tags/list',
    '/v2/a/%c0%ae/tags/list',
    '/v2/a/%00/tags/list',
    '/v2/a/b/manifests/%00',
    '/v2/a/b/tags/list?last=%00',
    '/v2/auth?scope=repository:a/b%00:pull',
  ]) {
    const answer = await rawCall(server, 'GET', each)
    expect([each, answer.status]).toEqual([each, 400])
    expect(answer.json.errors[0].message.length).toBeGreaterThan(10)
  }
})

test('a token for one name is no token for another that looks like it', async () => {
  const server = shared()
  const owner = await newOwner(server, 'app')
  await pushImage(owner.push, owner.fullName, ['v1'])
  const other = await newOwner(server, 'app')
  const scopes = [`${owner.name}/ap`, `${owner.name}/app/x`, `x/${owner.fullName}`, other.fullName]
  for (const scope of scopes) {
    const call = await server.registry(owner.name, `repository:${scope}:pull`)
    expect(await outcome(call('GET', `${owner.path}/manifests/v1`))).toEqual([401, 'UNAUTHORIZED'])
  }
  const wrong = await server.call('GET', '/v2/auth', {
    headers: { authorization: basic(owner.name.toUpperCase(), passwordOf(owner.name)) },
  })
  expect(wrong.status).toBe(401)
})

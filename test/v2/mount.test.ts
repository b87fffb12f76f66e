import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { grant } from '#test/support/account.ts'
import { outcome, type Answer, type Call } from '#test/support/client.ts'
import { pushBlob } from '#test/support/image.ts'
import { newOwner, setPublic, shareServer } from '#test/support/shared.ts'

const shared = shareServer()
let counter = 0

/** An owner with a blob in `NAME/base` and nothing in `NAME/app`, and ways to ask for it. */
async function withSource() {
  const server = shared()
  const owner = await newOwner(server)
  const base = `${owner.name}/base`
  counter += 1
  const bytes = Buffer.from(`a blob to mount ${counter}`)
  const pushBase = await server.registry(owner.name, `repository:${base}:pull,push`)
  const digest = await pushBlob(pushBase, base, bytes)
  const token = (...scopes: string[]) => server.registry(owner.name, ...scopes)
  const appScope = `repository:${owner.fullName}:pull,push`
  const mount = (call: Call, from?: string, wanted: string = digest) =>
    call(
      'POST',
      `${owner.path}/blobs/uploads/?mount=${wanted}${from === undefined ? '' : `&from=${from}`}`,
    )
  return { ...owner, server, base, bytes, digest, token, appScope, mount }
}

/** Status of a mount, and the digest and the bytes at the address that it gave. */
async function mounted(answer: Answer, call: Call) {
  const got = await call('GET', answer.headers.get('location')!)
  return [answer.status, answer.headers.get('docker-content-digest'), Buffer.from(got.bytes)]
}

test('a blob is mounted with a token that covers both repositories', async () => {
  const { token, appScope, base, mount, digest, bytes } = await withSource()
  const call = await token(appScope, `repository:${base}:pull`)
  expect(await mounted(await mount(call, base), call)).toEqual([201, digest, bytes])
  expect(await mounted(await mount(call, base), call)).toEqual([201, digest, bytes])
})

test('without `from` it is taken from any repository that the token covers', async () => {
  const { token, appScope, base, mount, digest, bytes } = await withSource()
  const call = await token(appScope, `repository:${base}:pull`)
  expect(await mounted(await mount(call), call)).toEqual([201, digest, bytes])
})

test('a public source needs no token for it, named or not', async () => {
  const { push, base, mount, digest, bytes, server, name } = await withSource()
  await setPublic(server, base)
  expect(await mounted(await mount(push, base), push)).toEqual([201, digest, bytes])
  await push('DELETE', `/v2/${name}/app/blobs/${digest}`)
  expect(await mounted(await mount(push), push)).toEqual([201, digest, bytes])
})

test('a token that lacks only the source is told which scope to ask for, and then mounts', async () => {
  const { token, appScope, base, fullName, push, mount, digest, bytes } = await withSource()
  const call = await token(appScope)
  for (const from of [base, undefined]) {
    const refused = await mount(call, from)
    expect(await outcome(refused)).toEqual([401, 'UNAUTHORIZED'])
    const scope = `repository:${fullName}:pull,push repository:${base}:pull`
    expect(refused.headers.get('www-authenticate')).toContain(
      `scope="${scope}",error="insufficient_scope"`,
    )
    const better = await token(scope)
    expect(await mounted(await mount(better, from), better)).toEqual([201, digest, bytes])
    await push('DELETE', `/v2/${fullName}/blobs/${digest}`)
  }
})

test('who was refused the source once uploads, and is not asked again', async () => {
  const { base, fullName, mount, server, name } = await withSource()
  const helper = `${name}-helper`
  await server.user(helper)
  await grant(server, base, helper, 'read')
  // The push that makes the target goes first: a grant needs a repository.
  const owner = await server.registry(name, `repository:${fullName}:push`)
  await owner('POST', `/v2/${fullName}/blobs/uploads/`)
  await grant(server, fullName, helper, 'write')
  const call = await server.registry(
    helper,
    `repository:${fullName}:pull,push`,
    `repository:${base}:push`,
  )
  expect(await outcome(mount(call, base))).toEqual([202])
  expect(await outcome(mount(call))).toEqual([202])
})

test('from where the caller may not read nothing is mounted, and nothing is told', async () => {
  const { digest } = await withSource()
  const { server, base } = await withSource()
  const stranger = await newOwner(server)
  const call = await server.registry(
    stranger.name,
    `repository:${stranger.fullName}:pull,push`,
    `repository:${base}:pull`,
  )
  const ask = async (query: string) => {
    const path = `${stranger.path}/blobs/uploads/?mount=${digest}${query}`
    const { status, text, headers } = await call('POST', path)
    return [status, text, [...headers.keys()].toSorted().join()]
  }
  const answers = [
    await ask(''),
    await ask(`&from=${base}`),
    await ask('&from=nobody/nothing'),
    await ask('&from=Not%20A%2FName'),
    await ask('&from='),
  ]
  expect(answers[0]![0]).toBe(202)
  for (const answer of answers) expect(answer).toEqual(answers[0])
})

test('a blob that is nowhere, or is not in the source, is uploaded', async () => {
  const { token, appScope, base, mount, bytes } = await withSource()
  const call = await token(appScope, `repository:${base}:pull`)
  const missing = digestOf(Buffer.from('nowhere'))
  for (const from of [base, undefined]) {
    const { status, headers } = await mount(call, from, missing)
    expect([status, headers.get('range')]).toEqual([202, '0-0'])
    const put = call('PUT', `${headers.get('location')}?digest=${digestOf(bytes)}`, { body: bytes })
    expect(await outcome(put)).toEqual([201])
  }
})

test('what is no digest mounts nothing', async () => {
  const { token, appScope, base, mount } = await withSource()
  const call = await token(appScope, `repository:${base}:pull`)
  for (const wanted of ['sha256:x', 'latest', ''])
    expect(await outcome(mount(call, base, wanted))).toEqual([202])
})

test('names of the source follow the same rules as all names', async () => {
  const { token, appScope, base, mount, digest, bytes, server } = await withSource()
  const call = await token(appScope, `repository:${base}:pull`)
  expect(await mounted(await mount(call, encodeURIComponent(base)), call)).toEqual([
    201,
    digest,
    bytes,
  ])
  expect(await mounted(await mount(call, `${server.host}/${base}`), call)).toEqual([
    201,
    digest,
    bytes,
  ])
})

test('a mounted blob outlives its source', async () => {
  const { token, appScope, base, path, mount, digest, bytes, server, name } = await withSource()
  const call = await token(appScope, `repository:${base}:pull`)
  await mount(call, base)
  expect(await outcome(server.as(name)('DELETE', `/api/v1/repository/${base}`))).toEqual([204])
  const got = await call('GET', `${path}/blobs/${digest}`)
  expect(Buffer.from(got.bytes)).toEqual(bytes)
})

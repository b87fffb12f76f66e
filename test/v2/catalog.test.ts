import { expect, test } from 'vitest'

import { grant } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { pushBlob } from '#test/support/image.ts'
import { startServer, type TestServer } from '#test/support/server.ts'
import { setPublic, shareServer } from '#test/support/shared.ts'

/** Makes users and repositories of theirs. */
async function fill(server: TestServer, people: Record<string, readonly string[]>) {
  for (const [name, repositories] of Object.entries(people)) {
    await server.user(name)
    for (const repository of repositories) {
      const push = await server.registry(name, `repository:${name}/${repository}:pull,push`)
      await pushBlob(push, `${name}/${repository}`, Buffer.from('x'))
    }
  }
}

const shared = shareServer()

test('each sees what is theirs and what they were given, in byte order', async () => {
  const server = shared()
  await fill(server, { ann: ['b', 'a', 'a/deep/er'], bob: ['open', 'shared', 'closed'], cat: [] })
  await setPublic(server, 'bob/open')
  await grant(server, 'bob/shared', 'ann', 'read')
  const names = async (name: string | undefined) => {
    const call = await server.registry(name, 'registry:catalog:*')
    return (await call('GET', '/v2/_catalog')).json.repositories
  }
  expect(await names('cat')).toEqual([])
  expect(await names('ann')).toEqual(['ann/a', 'ann/a/deep/er', 'ann/b', 'bob/shared'])
  expect(await names('bob')).toEqual(['bob/closed', 'bob/open', 'bob/shared'])
  expect(await names(undefined)).toEqual([])
})

test('with FEATURE_PUBLIC_CATALOG everybody sees what is public', async () => {
  const server = await startServer({ FEATURE_PUBLIC_CATALOG: 'true' })
  await fill(server, { bob: ['open', 'closed'], cat: [] })
  await setPublic(server, 'bob/open')
  for (const name of [undefined, 'cat']) {
    const call = await server.registry(name)
    expect((await call('GET', '/v2/_catalog')).json.repositories).toEqual(['bob/open'])
  }
})

test('the list comes in pages', async () => {
  const server = shared()
  await fill(server, { dan: ['a', 'b', 'c', 'd', 'e'] })
  const call = await server.registry('dan')
  const page = async (query: string) => {
    const { json, headers } = await call('GET', `/v2/_catalog?${query}`)
    return [json.repositories, headers.get('link')]
  }
  expect(await page('n=2')).toEqual([
    ['dan/a', 'dan/b'],
    '</v2/_catalog?n=2&last=dan%2Fb>; rel="next"',
  ])
  expect(await page('n=2&last=dan%2Fd')).toEqual([['dan/e'], null])
  expect(await page('n=3&last=dan%2Fb')).toEqual([['dan/c', 'dan/d', 'dan/e'], null])
  expect(await page('n=0')).toEqual([[], null])
  expect(await page('n=100000')).toEqual([['dan/a', 'dan/b', 'dan/c', 'dan/d', 'dan/e'], null])
  for (const query of ['n=-1', 'n=x', 'n=1&n=2', 'last=a&last=b'])
    expect(await outcome(call('GET', `/v2/_catalog?${query}`))).toEqual([400, 'INVALID_REQUEST'])
})

test('pages follow the bytes of full names, where one namespace begins like another too', async () => {
  const server = shared()
  await fill(server, { team: ['a', 'b/c'], 'team-x': ['a'], team0: ['a'] })
  for (const name of ['team-x/a', 'team0/a']) await grant(server, name, 'team', 'read')
  const call = await server.registry('team')
  const after = async (last: string) =>
    (await call('GET', `/v2/_catalog?last=${encodeURIComponent(last)}`)).json.repositories
  const all = ['team-x/a', 'team/a', 'team/b/c', 'team0/a']
  expect(await after('')).toEqual(all)
  for (const [index, name] of all.entries()) expect(await after(name)).toEqual(all.slice(index + 1))
  expect(await after('team')).toEqual(all)
  expect(await after('team/')).toEqual(all.slice(1))
  expect(await after('team/b')).toEqual(all.slice(2))
  expect(await after('team1')).toEqual([])
})

test('a fresh repository is listed at once, and a deleted one no more', async () => {
  const server = shared()
  await fill(server, { eve: ['app'] })
  const call = await server.registry('eve')
  expect((await call('GET', '/v2/_catalog')).json.repositories).toEqual(['eve/app'])
  expect(await outcome(server.as('eve')('DELETE', '/api/v1/repository/eve/app'))).toEqual([204])
  expect((await call('GET', '/v2/_catalog')).json.repositories).toEqual([])
})

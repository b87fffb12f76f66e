import { expect, test } from 'vitest'

import { grant, listAudit, mintToken } from '#test/support/account.ts'
import { outcome, type Call } from '#test/support/client.ts'
import { addRepositories, namesOf, startWithRepository } from './repository-fixture.ts'

const path = '/api/v1/user/starred'

/** Stars a repository; gives the answer. */
function addStar(call: Call, fullName: string) {
  const slash = fullName.indexOf('/')
  const body = { namespace: fullName.slice(0, slash), repository: fullName.slice(slash + 1) }
  return call('POST', path, { body })
}

async function starredBy(call: Call): Promise<string[]> {
  const { json } = await call('GET', path)
  return json.repositories.map(
    ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`,
  )
}

test('a star is set once, shown wherever the repository is, and taken away', async () => {
  const { server, owner, url } = await startWithRepository()
  for (let time = 0; time < 2; time++) {
    const { status, json } = await addStar(owner, 'acme/nginx')
    expect([status, json]).toEqual([201, { namespace: 'acme', repository: 'nginx' }])
  }
  const starred = { namespace: 'acme', name: 'nginx', description: null, is_public: false }
  expect((await owner('GET', path)).json).toEqual({ repositories: [starred] })
  expect((await owner('GET', url)).json.is_starred).toBe(true)
  const list = await owner('GET', '/api/v1/repository?namespace=acme')
  expect(list.json.repositories).toMatchObject([{ name: 'nginx', is_starred: true }])
  expect(await namesOf(owner, 'starred=true')).toEqual(['acme/nginx'])

  for (let time = 0; time < 2; time++)
    expect((await owner('DELETE', `${path}/acme/nginx`)).status).toBe(204)
  expect(await starredBy(owner)).toEqual([])
  expect((await owner('GET', url)).json.is_starred).toBe(false)
  expect(await namesOf(owner, 'starred=true')).toEqual([])
  const kinds = (await listAudit(server, 'acme')).map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind.includes('star'))).toEqual([])
})

test("stars are one's own", async () => {
  const { server, owner, stranger, url } = await startWithRepository()
  await owner('POST', `${url}/changevisibility`, { body: { visibility: 'public' } })
  await addStar(owner, 'acme/nginx')
  expect(await starredBy(stranger)).toEqual([])
  expect((await stranger('GET', url)).json.is_starred).toBe(false)
  expect((await server.call('GET', url)).json.is_starred).toBe(false)
  expect((await stranger('DELETE', `${path}/acme/nginx`)).status).toBe(204)
  expect(await starredBy(owner)).toEqual(['acme/nginx'])
})

test('what the caller may not read is answered like what is not there', async () => {
  const { server, owner, stranger } = await startWithRepository()
  const answers = await Promise.all(
    ['acme/nginx', 'acme/none', 'nobody/none'].map((name) => addStar(stranger, name)),
  )
  for (const { status, json } of answers) {
    expect([status, json.error_type]).toEqual([404, 'not_found'])
    expect(json.detail).toMatch(/^no repository [a-z]+\/[a-z]+$/)
  }
  for (const name of ['acme/nginx', 'acme/none'])
    expect((await stranger('DELETE', `${path}/${name}`)).status).toBe(204)
  expect(await outcome(addStar(owner, 'acme/Not A Name'))).toEqual([400, 'invalid_request'])
  const body = { namespace: 'acme' }
  expect(await outcome(owner('POST', path, { body }))).toEqual([400, 'invalid_request'])
  expect(await outcome(addStar(server.call, 'acme/nginx'))).toEqual([401, 'invalid_token'])
})

test('a starred repository that became unreadable, or was deleted, is in no list', async () => {
  const { server, owner, stranger, url } = await startWithRepository()
  await grant(server, 'acme/nginx', 'stranger', 'read')
  await addStar(stranger, 'acme/nginx')
  expect(await starredBy(stranger)).toEqual(['acme/nginx'])
  await owner('DELETE', `${url}/permissions/user/stranger`)
  expect(await starredBy(stranger)).toEqual([])
  expect(await namesOf(stranger, 'starred=true')).toEqual([])
  await addStar(owner, 'acme/nginx')
  await owner('DELETE', url)
  expect(await starredBy(owner)).toEqual([])
})

test('a token needs user:admin, and a scope for repositories to see private ones', async () => {
  const { server, owner, url } = await startWithRepository()
  const withScopes = async (...scopes: ('user:admin' | 'repo:read')[]) =>
    server.withToken(await mintToken(server, 'acme', scopes))
  const [account, repositories, both] = [
    await withScopes('user:admin'),
    await withScopes('repo:read'),
    await withScopes('user:admin', 'repo:read'),
  ]
  expect(await outcome(addStar(account, 'acme/nginx'))).toEqual([404, 'not_found'])
  expect(await outcome(addStar(repositories, 'acme/nginx'))).toEqual([403, 'insufficient_scope'])
  expect((await addStar(both, 'acme/nginx')).status).toBe(201)
  expect(await starredBy(both)).toEqual(['acme/nginx'])
  expect(await starredBy(account)).toEqual([])
  await owner('POST', `${url}/changevisibility`, { body: { visibility: 'public' } })
  expect(await starredBy(account)).toEqual(['acme/nginx'])
})

test('the list comes in pages of 100', async () => {
  const { server, owner } = await startWithRepository()
  await addRepositories(server, 'acme', 101)
  const { db } = server.deps
  const ids = await db.selectFrom('repository').select('id').where('name', 'like', 'r-%').execute()
  const { id: userId } = await db
    .selectFrom('namespace')
    .select('id')
    .where('name', '=', 'acme')
    .executeTakeFirstOrThrow()
  const stars = ids.map(({ id }) => ({
    user_id: userId,
    repository_id: id,
    created_at: server.clock.now(),
  }))
  await db.insertInto('star').values(stars).execute()
  for (const list of [`${path}?`, '/api/v1/repository?starred=true&']) {
    const { json: first } = await owner('GET', list)
    expect(first.repositories).toHaveLength(100)
    const { json: second } = await owner('GET', `${list}next_page=${first.next_page}`)
    expect(second.repositories).toMatchObject([{ name: 'r-100' }])
    expect(second).not.toHaveProperty('next_page')
  }
})

test('stars set and taken at once leave one or none', async () => {
  const { server, owner } = await startWithRepository()
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      index % 3 === 2 ? owner('DELETE', `${path}/acme/nginx`) : addStar(owner, 'acme/nginx'),
    ),
  )
  for (const { status } of answers) expect([201, 204]).toContain(status)
  const stars = await server.deps.db.selectFrom('star').selectAll().execute()
  expect(stars.length).toBeLessThanOrEqual(1)
})

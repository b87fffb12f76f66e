import { describe, expect, test } from 'vitest'

import { grant, makeOrganization, setEnabled } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { addRepositories, create, namesOf, startWithRepository } from './repository-fixture.ts'

describe('listRepos', () => {
  test('shows a repository with its state, and with what is asked for', async () => {
    const { server, owner } = await startWithRepository()
    const plain = await owner('GET', '/api/v1/repository?namespace=acme')
    expect(plain.json).toEqual({
      repositories: [
        {
          namespace: 'acme',
          name: 'nginx',
          description: null,
          is_public: false,
          kind: 'image',
          state: 'NORMAL',
          is_starred: false,
        },
      ],
    })
    await create(owner, 'empty')
    const query = 'namespace=acme&last_modified=true&popularity=true'
    const { json } = await owner('GET', `/api/v1/repository?${query}`)
    expect(json.repositories).toMatchObject([
      { last_modified: expect.closeTo(server.clock.now().getTime() / 1000, -2), popularity: 0 },
      { last_modified: null, popularity: 0 },
    ])
  })

  test('wants to know which: of a namespace, starred, or public', async () => {
    const { owner } = await startWithRepository()
    for (const query of ['', 'public=false', 'last_modified=true'])
      expect(await outcome(owner('GET', `/api/v1/repository?${query}`))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('shows private repositories to those who may read them alone', async () => {
    const { server, owner, stranger } = await startWithRepository()
    await create(owner, 'other')
    expect(await namesOf(owner, 'namespace=acme')).toEqual(['acme/nginx', 'acme/other'])
    expect(await namesOf(stranger, 'namespace=acme&public=true')).toEqual([])
    await grant(server, 'acme/nginx', 'stranger', 'read')
    expect(await namesOf(stranger, 'namespace=acme')).toEqual(['acme/nginx'])
    expect(await namesOf(server.call, 'namespace=acme&public=true')).toEqual([])
  })

  test('adds public repositories when it is asked to', async () => {
    const { server, owner, stranger } = await startWithRepository()
    await create(owner, 'open', { visibility: 'public' })
    await create(stranger, 'own', { visibility: 'public' })
    expect(await namesOf(stranger, 'namespace=acme')).toEqual([])
    expect(await namesOf(stranger, 'namespace=acme&public=true')).toEqual(['acme/open'])
    expect(await namesOf(server.call, 'public=true')).toEqual(['acme/open', 'stranger/own'])
  })

  test('shows an organization to its admin teams, and to its other teams what they were granted', async () => {
    const server = await startServer()
    for (const name of ['boss', 'helper']) await server.user(name)
    await makeOrganization(server, 'bureau', { admin: 'boss', member: 'helper' })
    await create(server.as('boss'), 'one', { namespace: 'bureau' })
    await create(server.as('boss'), 'two', { namespace: 'bureau' })
    await grant(server, 'bureau/two', 'helper', 'read')
    expect(await namesOf(server.as('boss'), 'namespace=bureau')).toEqual([
      'bureau/one',
      'bureau/two',
    ])
    expect(await namesOf(server.as('helper'), 'namespace=bureau')).toEqual(['bureau/two'])
  })

  test('gives every repository once when its pages are followed, 100 a page', async () => {
    const { server, owner } = await startWithRepository()
    await addRepositories(server, 'acme', 250)
    const seen: string[] = []
    const sizes: number[] = []
    for (let next: string | undefined = ''; next !== undefined;) {
      const { json } = await owner('GET', `/api/v1/repository?namespace=acme&next_page=${next}`)
      sizes.push(json.repositories.length)
      seen.push(...json.repositories.map(({ name }: { name: string }) => name))
      next = json.next_page
    }
    expect(sizes).toEqual([100, 100, 51])
    expect(new Set(seen).size).toBe(251)
  })

  test('gives no next page when the last one is full, and the first page for a bad token', async () => {
    const { server, owner } = await startWithRepository()
    await addRepositories(server, 'acme', 99)
    const { json } = await owner('GET', '/api/v1/repository?namespace=acme&next_page=nonsense')
    expect(json.repositories).toHaveLength(100)
    expect(json).not.toHaveProperty('next_page')
  })

  test('leaves out what was deleted, and namespaces that are disabled', async () => {
    const { server, owner, stranger, url } = await startWithRepository()
    await create(owner, 'open', { visibility: 'public' })
    await owner('DELETE', url)
    expect(await namesOf(owner, 'namespace=acme')).toEqual(['acme/open'])
    await setEnabled(server, 'acme', false)
    expect(await namesOf(stranger, 'public=true')).toEqual([])
  })

  test('has nothing of another kind, and nothing starred', async () => {
    const { server, owner } = await startWithRepository()
    expect(await namesOf(owner, 'namespace=acme&repo_kind=application')).toEqual([])
    expect(await namesOf(owner, 'starred=true')).toEqual([])
    expect(await outcome(server.call('GET', '/api/v1/repository?starred=true'))).toEqual([
      400,
      'invalid_request',
    ])
  })
})

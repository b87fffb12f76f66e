import { describe, expect, test } from 'vitest'

import { listAudit, makeOrganization } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { create, newRepo, startWithRepository } from './repository-fixture.ts'

describe('createRepo', () => {
  test('makes a repository in the own namespace', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    const made = await create(call, 'nginx', { visibility: 'public', description: 'Web server' })
    expect([made.status, made.json]).toEqual([
      201,
      { namespace: 'acme', name: 'nginx', kind: 'image' },
    ])
    expect((await call('GET', '/api/v1/repository/acme/nginx')).json).toMatchObject({
      description: 'Web server',
      is_public: true,
      state: 'NORMAL',
      tags: {},
    })
  })

  test('is written to the audit log', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    await create(call, 'team/app')
    expect(await listAudit(server, 'acme', 'create_repo')).toEqual([
      {
        kind: 'create_repo',
        metadata: { repo: 'team/app', namespace: 'acme' },
        performer: 'acme',
        address: '127.0.0.1',
      },
    ])
    expect(await server.logs('acme/team/app')).toHaveLength(1)
  })

  test('takes a name of several segments, and a kind that is image or null', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    expect((await create(call, 'a/b/c', { repo_kind: 'image' })).json.name).toBe('a/b/c')
    expect((await create(call, 'd', { repo_kind: null })).status).toBe(201)
    expect(await outcome(create(call, 'e', { repo_kind: 'application' }))).toEqual([
      400,
      'invalid_request',
    ])
  })

  test('refuses a name that is taken', async () => {
    const { owner } = await startWithRepository()
    const answer = await create(owner, 'nginx')
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
    expect(answer.json.detail).toBe('Repository already exists')
  })

  test('refuses names that break the rules', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    for (const name of ['', 'Nginx', '-a', 'a..b', 'a b', 'a//b', '/a', 'a/', 'x'.repeat(251)])
      expect(await outcome(create(call, name))).toEqual([400, 'invalid_request'])
  })

  test('refuses a body that lacks a field or holds a wrong one', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    const good = { ...newRepo, repository: 'nginx' }
    for (const field of ['repository', 'visibility', 'description']) {
      const answer = await call('POST', '/api/v1/repository', {
        body: { ...good, [field]: undefined },
      })
      expect(await outcome(answer)).toEqual([400, 'invalid_request'])
      expect(answer.json.detail).toBe(`the body lacks '${field}'`)
    }
    const answer = await create(call, 'nginx', { visibility: 'secret' })
    expect(answer.json.detail).toBe('visibility must be one of public, private')
  })

  test('makes the creator in an organization the administrator of the repository', async () => {
    const server = await startServer()
    for (const name of ['boss', 'maker', 'helper']) await server.user(name)
    await makeOrganization(server, 'bureau', {
      admin: 'boss',
      creator: 'maker',
      member: 'helper',
    })
    const made = await create(server.as('maker'), 'app', { namespace: 'bureau' })
    expect(made.json).toEqual({ namespace: 'bureau', name: 'app', kind: 'image' })
    expect((await server.as('maker')('GET', '/api/v1/repository/bureau/app')).json).toMatchObject({
      is_organization: true,
      can_admin: true,
    })
    expect(await outcome(create(server.as('helper'), 'other', { namespace: 'bureau' }))).toEqual([
      403,
      'insufficient_scope',
    ])
  })

  test('refuses a namespace of others in the same words as one that does not exist', async () => {
    const { stranger } = await startWithRepository()
    const other = await create(stranger, 'app', { namespace: 'acme' })
    const none = await create(stranger, 'app', { namespace: 'nobody' })
    expect(await outcome(other)).toEqual([403, 'insufficient_scope'])
    expect(none.json).toEqual(other.json)
  })

  test('wants somebody signed in', async () => {
    const server = await startServer()
    expect(await outcome(create(server.call, 'nginx'))).toEqual([401, 'invalid_token'])
  })

  test('lets one of ten parallel callers make a name', async () => {
    const server = await startServer()
    const { call } = await server.user('acme')
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(call, 'nginx')))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([201, ...Array<number>(9).fill(400)])
    expect(await listAudit(server, 'acme', 'create_repo')).toHaveLength(1)
  })
})

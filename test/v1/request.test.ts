import { sql } from 'kysely'
import { describe, expect, test, vi } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { me, operations, repositories, startWithUser } from './request-fixture.ts'

describe('paths and methods', () => {
  test('HEAD answers for every GET that only shows, with its status and without a body', async () => {
    const { server, call } = await startWithUser()
    await server.repository('acme/nginx', ['stable'])
    const gets = operations.filter(({ method, acts }) => method === 'GET' && !acts)
    expect(gets.length).toBeGreaterThan(10)
    for (const { path } of gets) {
      const got = await call('GET', path)
      const head = await call('HEAD', path)
      expect([path, head.status, head.text]).toEqual([path, got.status, ''])
      expect(head.headers.get('content-type')).toBe(got.headers.get('content-type'))
    }
  })

  test('a path that does not exist is not found', async () => {
    const { server } = await startWithUser()
    for (const path of ['/api/v1/none', '/api/v2/user/', '/api/v1/user/none', '/api/'])
      for (const method of ['GET', 'POST'])
        expect(await outcome(server.call(method, path))).toEqual([404, 'not_found'])
  })

  test('a method that a path does not have is refused with those that it has', async () => {
    const { server } = await startWithUser()
    const allow = async (method: string, path: string) => {
      const answer = await server.call(method, path)
      expect(await outcome(answer)).toEqual([405, 'method_not_allowed'])
      return answer.headers.get('allow')!.split(', ').toSorted()
    }
    expect(await allow('PATCH', me)).toEqual(['DELETE', 'GET', 'HEAD', 'POST', 'PUT'])
    expect(await allow('PATCH', repositories)).toEqual(['GET', 'HEAD', 'POST'])
    expect(await allow('GET', '/api/v1/signin')).toEqual(['POST'])
    expect(await allow('POST', `${repositories}/acme/nginx/tag/`)).toEqual(['GET', 'HEAD'])
  })

  test('a repository name may have its slashes raw or escaped', async () => {
    const { server, call } = await startWithUser()
    await server.repository('acme/team/app', ['edge'])
    for (const name of ['acme/team/app', 'acme%2Fteam%2Fapp', 'acme%2fteam/app']) {
      expect((await call('GET', `${repositories}/${name}`)).json.name).toBe('team/app')
      expect((await call('GET', `${repositories}/${name}/tag/`)).json.tags).toHaveLength(1)
    }
  })

  test('a repository that is called like a part of the API is reached by escaped slashes', async () => {
    const { server, call } = await startWithUser()
    await server.repository('acme/tag/manifest', ['edge'])
    const url = `${repositories}/acme%2Ftag%2Fmanifest`
    expect((await call('GET', url)).json.name).toBe('tag/manifest')
    expect((await call('GET', `${url}/tag/`)).json.tags).toHaveLength(1)
  })

  test('a name of one segment means the library namespace', async () => {
    const { server } = await startWithUser({ LIBRARY_NAMESPACE: 'stock' })
    const { call } = await server.user('stock')
    await server.repository('stock/nginx')
    expect((await call('GET', `${repositories}/nginx`)).json.namespace).toBe('stock')
  })

  test('a path that is no text, or no repository name, is refused', async () => {
    const { call } = await startWithUser()
    for (const path of ['/api/v1/users/%zz', '/api/v1/users/%ff', `${repositories}/Acme/nginx`])
      expect(await outcome(call('GET', path))).toEqual([400, 'invalid_request'])
  })
})

describe('refusals', () => {
  test('have one body, whose text says which rule refused', async () => {
    const { server } = await startWithUser()
    const { json, headers } = await server.call('GET', repositories)
    const detail = 'namespace, starred or public must be given'
    expect(json).toEqual({
      detail,
      message: detail,
      error_message: detail,
      error_type: 'invalid_request',
      title: 'invalid_request',
      type: `${server.url}/api/v1/error/invalid_request`,
      status: 400,
    })
    expect(headers.get('content-type')).toBe('application/json')
  })

  test('of our own making carry a request id that is in the log, and nothing of their cause', async () => {
    const { server, call } = await startWithUser()
    const { url } = await server.repository('acme/nginx')
    await call('GET', url)
    const logged = vi.spyOn(server.deps.log, 'error')
    await sql`alter table tag rename to tag_lost`.execute(server.deps.db)
    const answer = await call('GET', url)
    expect(await outcome(answer)).toEqual([500, 'internal'])
    expect(answer.text).not.toMatch(/tag_lost|relation|select|\.ts|node_modules/i)
    expect(logged).toHaveBeenCalledWith(
      expect.objectContaining({
        request: answer.json.request_id,
        err: expect.objectContaining({ message: expect.stringContaining('relation') }),
      }),
      expect.any(String),
    )
    expect(answer.json.request_id).toMatch(/^[0-9a-f-]{36}$/)
  })
})

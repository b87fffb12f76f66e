import { readFileSync } from 'node:fs'

import { sql } from 'kysely'
import { describe, expect, test, vi } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'

const me = '/api/v1/user/'
const repositories = '/api/v1/repository'
const newRepo = { repository: 'made', visibility: 'private', description: '' }

async function startWithUser(settings: Record<string, string> = {}) {
  const server = await startServer(settings)
  const { call } = await server.user('acme')
  return { server, call }
}

interface Parameter {
  in: string
  name: string
  example: string
}
interface Operation {
  operationId: string
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: { content: Record<string, { example: unknown }> }
}

/** Every operation of the document, as its examples call it. */
function listOperations() {
  const { paths, components } = JSON.parse(
    readFileSync(new URL('../../generated/v1.json', import.meta.url), 'utf8'),
  ) as {
    paths: Record<string, Record<string, Operation>>
    components: { parameters: Record<string, Parameter> }
  }
  const resolve = (parameter: Parameter | { $ref: string }) =>
    '$ref' in parameter ? components.parameters[parameter.$ref.split('/').at(-1)!]! : parameter
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      operationId: operation.operationId,
      method: method.toUpperCase(),
      path: (operation.parameters ?? [])
        .map(resolve)
        .filter((parameter) => parameter.in === 'path')
        .reduce((text, { name, example }) => text.replace(`{${name}}`, example), path),
      body: operation.requestBody?.content['application/json']?.example,
    })),
  )
}

const operations = listOperations()

describe('paths and methods', () => {
  test('HEAD answers for every GET, with its status and without a body', async () => {
    const { server, call } = await startWithUser()
    await server.repository('acme/nginx', ['stable'])
    const gets = operations.filter(({ method }) => method === 'GET')
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
    expect(await allow('DELETE', me)).toEqual(['GET', 'POST', 'PUT'])
    expect(await allow('PATCH', repositories)).toEqual(['GET', 'POST'])
    expect(await allow('GET', '/api/v1/signin')).toEqual(['POST'])
    expect(await allow('POST', `${repositories}/acme/nginx/tag/`)).toEqual(['GET'])
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

describe('queries', () => {
  test('every operation refuses a parameter that it does not have', async () => {
    const { server, call } = await startWithUser({ FEATURE_REPO_MIRROR: 'true' })
    await server.repository('acme/nginx', ['stable'])
    for (const { operationId, method, path, body } of operations) {
      const answer = await call(method, `${path}?surprise=1`, body === undefined ? {} : { body })
      expect([operationId, ...(await outcome(answer))]).toEqual([
        operationId,
        400,
        'invalid_request',
      ])
      expect(answer.json.detail).toContain("no parameter 'surprise'")
    }
  })

  test('a parameter that is given twice is refused', async () => {
    const { call } = await startWithUser()
    for (const query of ['namespace=a&namespace=b', 'public=true&public=false'])
      expect(await outcome(call('GET', `${repositories}?${query}`))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('booleans are read as Quay reads them: all but a few words are true', async () => {
    const { server, call } = await startWithUser()
    const { url } = await server.repository('acme/nginx')
    const showsTags = async (value: string) =>
      'tags' in (await call('GET', `${url}?includeTags=${value}`)).json
    for (const value of ['false', 'False', 'FALSE', '0', '', 'null'])
      expect([value, await showsTags(value)]).toEqual([value, false])
    for (const value of ['true', 'True', '1', 'yes', 'no', 'fAlSe'])
      expect([value, await showsTags(value)]).toEqual([value, true])
  })
})

describe('bodies', () => {
  const send = (body: string | undefined, type?: string) => ({
    ...(body === undefined ? {} : { body }),
    headers: type ? { 'content-type': type } : {},
  })
  const json = 'application/json'

  test('must be JSON by their media type; its parameters do not matter', async () => {
    const { call } = await startWithUser()
    const text = JSON.stringify(newRepo)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'])
      expect(await outcome(call('POST', repositories, send(text, type)))).toEqual([
        415,
        'unsupported_media_type',
      ])
    const answer = await call('POST', repositories, send(text, 'Application/JSON; charset=utf-8'))
    expect(answer.status).toBe(201)
  })

  test('must be good JSON, and an object', async () => {
    const { call } = await startWithUser()
    for (const text of ['{', '', 'null', '[]', '"text"', '7', "{'a':1}", '{"a":1,}', '{"a":NaN}'])
      expect([text, ...(await outcome(call('PUT', me, send(text, json))))]).toEqual([
        text,
        400,
        'invalid_request',
      ])
  })

  test('must be UTF-8', async () => {
    const { call } = await startWithUser()
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    const answer = call('PUT', me, { body: bytes, headers: { 'content-type': json } })
    expect(await outcome(answer)).toEqual([400, 'invalid_request'])
  })

  test('must be there where one is needed', async () => {
    const { call } = await startWithUser()
    expect(await outcome(call('PUT', me))).toEqual([400, 'invalid_request'])
    expect((await call('PUT', me)).json.detail).toContain('the body is missing')
  })

  test('may be 1 MiB and no more', async () => {
    const { call } = await startWithUser()
    const padded = (bytes: number) => `{}${' '.repeat(bytes - 2)}`
    expect((await call('PUT', me, send(padded(1_048_576), json))).status).toBe(200)
    expect(await outcome(call('PUT', me, send(padded(1_048_577), json)))).toEqual([
      413,
      'payload_too_large',
    ])
  })

  test('are refused by every operation when they are no JSON, or more than 1 MiB', async () => {
    const { server, call } = await startWithUser({ FEATURE_REPO_MIRROR: 'true' })
    await server.repository('acme/nginx', ['stable'])
    const withBody = operations.filter(({ body }) => body !== undefined)
    expect(withBody.length).toBeGreaterThan(10)
    for (const { operationId, method, path } of withBody) {
      const plain = await call(method, path, send('{}', 'text/plain'))
      const large = await call(method, path, send(' '.repeat(1_048_577), json))
      expect([operationId, plain.status, large.status]).toEqual([operationId, 415, 413])
    }
  })

  test('that come in chunks of unknown length may be 1 MiB and no more', async () => {
    const { call } = await startWithUser()
    const chunk = Buffer.alloc(65_536, ' ')
    const body = new ReadableStream({
      start(controller) {
        for (let count = 0; count < 17; count++) controller.enqueue(chunk)
        controller.close()
      },
    })
    expect(await outcome(call('PUT', me, { body, headers: { 'content-type': json } }))).toEqual([
      413,
      'payload_too_large',
    ])
  })

  test('may nest 64 levels deep and no more', async () => {
    const { call } = await startWithUser()
    const nested = (levels: number) =>
      `{"extra":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect((await call('PUT', me, send(nested(64), json))).status).toBe(200)
    expect(await outcome(call('PUT', me, send(nested(65), json)))).toEqual([400, 'invalid_request'])
    expect((await call('PUT', me, send(nested(500_000), json))).status).toBe(400)
  })

  test('may hold fields that are not declared: they are ignored', async () => {
    const { call } = await startWithUser()
    const answer = await call('POST', repositories, { body: { ...newRepo, surprise: true } })
    expect(answer.status).toBe(201)
  })

  test('may hold no text that the database cannot keep', async () => {
    const { call } = await startWithUser()
    for (const text of ['"\\u0000"', '"\\ud800"'])
      expect(await outcome(call('PUT', me, send(`{"email":${text}}`, json)))).toEqual([
        400,
        'invalid_request',
      ])
    expect(await outcome(call('GET', `${repositories}?namespace=%00`))).toEqual([
      400,
      'invalid_request',
    ])
  })

  test('are not looked at before the caller is known to have the right', async () => {
    const { server } = await startWithUser()
    for (const sent of [
      send('{', json),
      send('x', 'text/plain'),
      send(' '.repeat(1_048_577), json),
    ])
      expect(await outcome(server.call('POST', repositories, sent))).toEqual([401, 'invalid_token'])
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

import { expect, test } from 'vitest'

import { everyOperation, targetOf, type DeclaredOperation } from '#test/support/operation.ts'
import { sendRaw, type RawAnswer } from '#test/support/raw.ts'
import { passwordOf } from '#test/support/server.ts'
import {
  cheaply,
  demandNoFault,
  refusal,
  faceOf,
  faultsOf,
  openHarbour,
  type Harbour,
} from './bad-input.ts'

const operations = everyOperation()

/** Calls an operation as its examples say, but for the target or some headers. */
function call(
  harbour: Harbour,
  operation: DeclaredOperation,
  { target = targetOf(operation), headers = {} }: { target?: string; headers?: object },
) {
  const { method, body } = operation
  const example = typeof body?.example === 'string' ? body.example : JSON.stringify(body?.example)
  return harbour.send(operation, {
    method,
    target,
    headers: { ...(body ? { 'content-type': body.type } : {}), ...headers },
    ...(body ? { body: example } : {}),
  })
}

/** Throws unless an operation refuses with 400, in its words. */
function demandRefusal(answer: RawAnswer, operation: DeclaredOperation) {
  refusal(answer, faceOf(operation), 400)
}

const places = (where: 'query' | 'header') =>
  operations.flatMap((operation) =>
    operation.parameters
      .filter((parameter) => parameter.in === where)
      .map(({ name, schema }) => ({ operation, name, schema })),
  )

test('a query parameter that an operation does not have is refused, and named', async () => {
  const harbour = await openHarbour()
  expect(
    await faultsOf(operations, async (operation) => {
      const path = targetOf(operation)
      const mark = path.includes('?') ? '&' : '?'
      const answer = await call(harbour, operation, { target: `${path}${mark}unheard=of` })
      demandRefusal(answer, operation)
      if (operation.method !== 'HEAD' && !answer.body.includes('unheard'))
        throw new Error(`the parameter is not named: ${answer.body.toString()}`)
    }),
  ).toEqual([])
  expect(await harbour.leftovers()).toEqual({})
})

test('U+0000 in any query parameter is refused, in its name too', async () => {
  const harbour = await openHarbour()
  expect(
    await faultsOf(places('query'), async ({ operation, name }) => {
      const target = targetOf(operation, { [name]: 'a%00b' })
      demandRefusal(await call(harbour, operation, { target }), operation)
    }),
  ).toEqual([])
  expect(
    await faultsOf(operations, async (operation) => {
      const path = targetOf(operation)
      const mark = path.includes('?') ? '&' : '?'
      demandRefusal(await call(harbour, operation, { target: `${path}${mark}a%00=1` }), operation)
    }),
  ).toEqual([])
  expect(await harbour.leftovers()).toEqual({})
})

test('a very long value is refused in any query parameter and any header parameter', async () => {
  const harbour = await openHarbour()
  const isText = ({ schema }: { schema: { type?: string } }) => schema.type !== 'boolean'
  expect(
    await faultsOf(places('query').filter(isText), async ({ operation, name }) => {
      const target = targetOf(operation, { [name]: 'x'.repeat(20_000) })
      demandRefusal(await call(harbour, operation, { target }), operation)
    }),
  ).toEqual([])
  expect(
    await faultsOf(places('header'), async ({ operation, name }) => {
      const headers = { [name]: 'x'.repeat(20_000) }
      demandRefusal(await call(harbour, operation, { headers }), operation)
    }),
  ).toEqual([])
  expect(await harbour.leftovers()).toEqual({})
})

test('a number that makes no sense is refused in any numeric query parameter', async () => {
  const harbour = await openHarbour()
  const numeric = places('query').filter(({ schema }) => schema.type === 'integer')
  expect(numeric.length).toBeGreaterThan(3)
  const values = ['1e400', '-1e400', 'NaN', 'Infinity', '1.5', 'ten', '0x', '1;2', '1,2', '%D9%A3']
  expect(
    await faultsOf(numeric, async ({ operation, name }) => {
      for (const value of values) {
        const target = targetOf(operation, { [name]: value })
        demandRefusal(await call(harbour, operation, { target }), operation)
      }
      for (const value of ['-0', '0', '99999999999999999999', '-99999999999999999999']) {
        const target = targetOf(operation, { [name]: value })
        demandNoFault(await call(harbour, operation, { target }))
      }
    }),
  ).toEqual([])
})

test('invalid UTF-8 and strange characters in any query parameter are no fault of the registry', async () => {
  const harbour = await openHarbour()
  const values = [
    '%c0%ae',
    '%ed%a0%80',
    '%zz',
    '%',
    "'%20or%201=1--",
    '%0d%0aA:%20b',
    '%F0%9F%90%B3',
    '../..',
  ]
  expect(
    await faultsOf(places('query'), async ({ operation, name }) => {
      for (const value of values) {
        if (operation.operationId === 'putManifest') continue
        const answer = await call(harbour, operation, {
          target: targetOf(operation, { [name]: value }),
        })
        demandNoFault(answer)
        if (answer.headers.has('a')) throw new Error('a header was smuggled in')
      }
    }),
  ).toEqual([])
})

test('a parameter that is repeated is refused where it is no list', async () => {
  const harbour = await openHarbour()
  const single = places('query').filter(({ schema }) => schema.type !== 'array')
  expect(
    await faultsOf(single, async ({ operation, name }) => {
      const path = targetOf(operation, { [name]: '1' })
      demandRefusal(await call(harbour, operation, { target: `${path}&${name}=1` }), operation)
    }),
  ).toEqual([])
})

test('thousands of query parameters are refused at no cost', async () => {
  const harbour = await openHarbour()
  const { host } = harbour
  const many = Array.from({ length: 4000 }, (_, index) => `a${index}=`).join('&')
  const paths = ['/v2/_catalog', '/v2/', '/api/v1/repository', '/api/v1/nowhere'] as const
  const registry = harbour.identify({ api: 'v2', operationId: '' })
  const faults = await cheaply(() =>
    faultsOf(paths, async (path) => {
      const api = path.startsWith('/v2') ? 'v2' : 'v1'
      const headers = api === 'v2' ? registry : {}
      const target = `${path}?${many}`
      refusal(await sendRaw(host, { method: 'GET', target, headers }), api, 400)
    }),
  )
  expect(faults).toEqual([])
})

test('ten thousand scopes are refused, in a query and in a form', async () => {
  const harbour = await openHarbour()
  const { host } = harbour
  await cheaply(async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `repository:a/b${index}:pull`)
    const target = `/v2/auth?scope=${many.join('&scope=')}`
    refusal(await sendRaw(host, { method: 'GET', target }), 'both', 431)
    for (const scopes of [many.slice(0, 101), many.slice(0, 700)]) {
      const query = `/v2/auth?scope=${scopes.join(scopes.length > 101 ? '%20' : '&scope=')}`
      refusal(await sendRaw(host, { method: 'GET', target: query }), 'v2', 400)
    }
    const form = new URLSearchParams({
      grant_type: 'password',
      username: 'ada',
      password: passwordOf('ada'),
      scope: many.join(' '),
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const request = { method: 'POST', target: '/v2/auth', headers }
    refusal(await sendRaw(host, { ...request, body: form.toString() }), 'form', 400)
    form.set('scope', many.slice(0, 101).join(' '))
    refusal(await sendRaw(host, { ...request, body: form.toString() }), 'form', 400)
  })
  expect(await harbour.leftovers()).toEqual({})
})

test('names that are too long, and scopes that are none, are refused with the rule that they break', async () => {
  const harbour = await openHarbour()
  const { host } = harbour
  const long = 'a'.repeat(300)
  const registry = harbour.identify({ api: 'v2', operationId: '' })
  const refuse = async (target: string, code: string) => {
    const answer = await sendRaw(host, { method: 'GET', target, headers: registry })
    expect(refusal(answer, 'v2', 400)[1]).toBe(code)
  }
  await refuse(`/v2/acme/${long}/tags/list`, 'NAME_INVALID')
  await refuse(`/v2/acme/nginx/manifests/${long}`, 'TAG_INVALID')
  await refuse(`/v2/acme/nginx/manifests/sha256:${'a'.repeat(250)}`, 'DIGEST_INVALID')
  await refuse(`/v2/acme/nginx/blobs/${long}`, 'DIGEST_INVALID')
  for (const scope of [
    'repository',
    'repository:acme/nginx',
    'x'.repeat(20_000),
    'repository:A B:pull',
  ]) {
    const target = `/v2/auth?scope=${encodeURIComponent(scope)}`
    refusal(await sendRaw(host, { method: 'GET', target }), 'v2', 400)
  }
  const browser = harbour.identify({ api: 'v1', operationId: '' })
  for (const path of [`users/${long}`, `repository/acme/${long}`]) {
    const request = { method: 'GET', target: `/api/v1/${path}`, headers: browser }
    expect(refusal(await sendRaw(host, request), 'v1', 400)[1]).toMatch(/invalid/)
  }
  const upload = {
    method: 'GET',
    target: `/v2/acme/nginx/blobs/uploads/${long}`,
    headers: registry,
  }
  refusal(await sendRaw(host, upload), 'v2')
  expect(await harbour.leftovers()).toEqual({})
})

import { expect, test } from 'vitest'

import { everyOperation, targetOf } from '#test/support/operation.ts'
import { sendRaw } from '#test/support/raw.ts'
import { demandNoFault, faceOf, faultsOf, openHarbour, refusal } from './bad-input.ts'

/** Values that climb out of a folder, break an escape, or hold what no name holds. */
const tricks = [
  '..',
  '../../../../etc/passwd',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%5c..%5cwindows',
  '%252e%252e%252f',
  '%2F',
  '%2Fetc%2Fpasswd',
  '%00',
  'stable%00.json',
  '%zz',
  '%',
  '%c0%ae%c0%ae',
  '%ed%a0%80',
  '%f8%80%80%80%80',
  '%e2%82%ac',
  '%0d%0aSet-Cookie:%20a=b',
  '%22%3E%3Cscript%3E',
  "'%20or%201=1%20--",
  '*',
  '~root',
  'a'.repeat(1000),
]
/** Parameters that may hold any text: whatever they hold, nothing is found, or they are not looked at. */
const freeText = ['service', 'kid', 'error_type', 'prefix']

test('a trick in any path parameter of any operation is refused in the words of its face', async () => {
  const harbour = await openHarbour()
  const cases = everyOperation().flatMap((operation) =>
    operation.parameters
      .filter((parameter) => parameter.in === 'path')
      // A service may name its key as it likes.
      .filter(({ name }) => name !== 'kid' || operation.operationId !== 'putServicePublicKey')
      .flatMap(({ name }) => tricks.map((trick) => ({ operation, name, trick }))),
  )
  expect(cases.length).toBeGreaterThan(500)
  expect(
    await faultsOf(cases, async ({ operation, name, trick }) => {
      const { method, body } = operation
      const answer = await harbour.send(operation, {
        method,
        target: targetOf(operation, { [name]: trick }),
        ...(body ? { headers: { 'content-type': body.type }, body: bodyOf(body.example) } : {}),
      })
      // A message that never was is gone like any other.
      const isGone = operation.operationId === 'deleteGlobalMessage' && answer.status === 204
      if (freeText.includes(name) || isGone) demandNoFault(answer)
      else refusal(answer, faceOf(operation))
    }),
  ).toEqual([])
  expect(await harbour.leftovers()).toEqual({})
}, 120_000)

function bodyOf(example: unknown): string {
  return typeof example === 'string' ? example : JSON.stringify(example)
}

test('a path that leads nowhere is refused in the words of the face it begins with', async () => {
  const { host } = await openHarbour()
  const paths = [
    ['/v2/../../etc/passwd', 'v2'],
    ['/v2/%2e%2e/%2e%2e/etc/passwd', 'v2'],
    ['/v2//manifests/', 'v2'],
    [`/v2/${'a/'.repeat(10_000)}manifests/x`, 'v2'],
    [`/v2/${'manifests/'.repeat(3000)}x`, 'v2'],
    ['/api/v1/../../etc/passwd', 'v1'],
    ['/api/v1/%zz', 'v1'],
    ['/api/v1/repository/%', 'v1'],
  ] as const
  const attempt = async ([target, face]: (typeof paths)[number]) =>
    refusal(await sendRaw(host, { method: 'GET', target }), face)
  expect(await faultsOf(paths, attempt)).toEqual([])
})

test('pages and their files cannot be climbed out of', async () => {
  const { host } = await openHarbour()
  for (const target of [
    '/docs/../../package.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/..%2f..%2fpackage.json',
    '/static/%2e%2e%2fwelcome.ts',
    '/docs/%00',
    '/docs/%zz',
    '/openapi/../../package.json',
    '//etc/passwd',
    '/%',
    '/\\..\\package.json',
  ]) {
    const { status, body } = await sendRaw(host, { method: 'GET', target })
    expect([400, 404]).toContain(status)
    expect(body.toString()).not.toContain('"dependencies"')
  }
})

test('names that every JavaScript object has are names like others', async () => {
  const harbour = await openHarbour()
  const { server } = harbour
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
    refusal(
      await sendRaw(harbour.host, { method: 'GET', target: `/api/v1/error/${name}` }),
      'v1',
      404,
    )
  const { url } = await server.repository('ada/constructor', ['__proto__', 'constructor'])
  const { json } = await server.as('ada')('GET', url)
  expect(Object.keys(json.tags).toSorted()).toEqual(['__proto__', 'constructor'])
})

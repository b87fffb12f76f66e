import { expect, test } from 'vitest'

import {
  everyOperation,
  placesOf,
  schemaAt,
  targetOf,
  valueAt,
  withField,
  withValue,
  type DeclaredOperation,
} from '#test/support/operation.ts'
import { refusal, faultsOf, openHarbour, type Harbour } from './bad-input.ts'

type WithBody = DeclaredOperation & { body: NonNullable<DeclaredOperation['body']> }

const withJson = everyOperation().filter(
  (operation): operation is WithBody => operation.body?.type === 'application/json',
)

const nothingWrong = { faults: [], leftovers: {} }

/** Sends each text as the body of each operation that takes JSON, and demands a refusal. */
async function refuseAll(
  harbour: Harbour,
  bodies: (operation: WithBody) => (string | Uint8Array)[],
  status = 400,
): Promise<typeof nothingWrong> {
  const cases = withJson.flatMap((operation) =>
    bodies(operation).map((body) => ({ operation, body })),
  )
  const faults = await faultsOf(cases, async ({ operation, body }) => {
    const answer = await harbour.send(operation, {
      method: operation.method,
      target: targetOf(operation),
      headers: { 'content-type': 'application/json' },
      body,
    })
    refusal(answer, 'v1', status)
  })
  if (cases.length === 0) faults.push('nothing was tried')
  return { faults, leftovers: await harbour.leftovers() } as typeof nothingWrong
}

test('what is no JSON, or not the JSON that is wanted, is refused by every operation with a body', async () => {
  const harbour = await openHarbour()
  const object = '{"a":1'
  expect(
    await refuseAll(harbour, ({ body: { required, schema } }) => [
      ...(required ? ['', ' '] : []),
      ...(schema.type === 'array' ? ['{}'] : ['[]', '[{}]']),
      object,
      `${object}}}`,
      "{'a': 1}",
      '{"a": undefined}',
      '{"a": "\\x"}',
      '"\\',
      'NaN',
      'null',
      'true',
      '12',
      '"text"',
      Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
      Buffer.from('{"a":"\xc0\xae"}', 'latin1'),
    ]),
  ).toEqual(nothingWrong)
})

test('a body of another content type, or of none, is refused by every operation with a body', async () => {
  const harbour = await openHarbour()
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '']
  const cases = withJson.flatMap((operation) => types.map((type) => ({ operation, type })))
  expect(
    await faultsOf(cases, async ({ operation, type }) => {
      const answer = await harbour.send(operation, {
        method: operation.method,
        target: targetOf(operation),
        headers: type === '' ? {} : { 'content-type': type },
        body: JSON.stringify(operation.body.example),
      })
      refusal(answer, 'v1', 415)
    }),
  ).toEqual([])
  expect(await harbour.leftovers()).toEqual({})
})

test('U+0000 and half a surrogate pair are refused in every field, and in the name of a field', async () => {
  const harbour = await openHarbour()
  expect(
    await refuseAll(harbour, ({ body: { schema, example } }) => [
      ...placesOf(schema, 'string').flatMap((place) => [
        JSON.stringify(withValue(example, place, 'a\u0000b')),
        JSON.stringify(withValue(example, place, 'a\ud800b')),
        JSON.stringify(withValue(example, place, '\udc00')),
      ]),
      JSON.stringify(withField(example, 'a\u0000b', 1)),
    ]),
  ).toEqual(nothingWrong)
})

test('a very long text is refused in every field, and in objects that take any', async () => {
  const harbour = await openHarbour()
  const long = 'x'.repeat(500_000)
  expect(
    await refuseAll(harbour, ({ body: { schema, example } }) => [
      ...placesOf(schema, 'string').map((place) => JSON.stringify(withValue(example, place, long))),
      ...placesOf(schema, 'object')
        .filter((place) => schemaAt(schema, place).additionalProperties)
        .map((place) => JSON.stringify(withValue(example, place, { any: long }))),
    ]),
  ).toEqual(nothingWrong)
})

test('a list that is too long is refused', async () => {
  const harbour = await openHarbour()
  expect(
    await refuseAll(harbour, ({ body: { schema, example } }) =>
      placesOf(schema, 'array').map((place) => {
        const given = valueAt(example, place) as unknown[] | undefined
        const many = Array.from({ length: 5000 }, () => given?.[0] ?? 'x')
        return JSON.stringify(withValue(example, place, many))
      }),
    ),
  ).toEqual(nothingWrong)
})

test('a value of another type is refused in every field', async () => {
  const harbour = await openHarbour()
  const others: Record<string, unknown[]> = {
    string: [1, true, [], {}, ['text']],
    boolean: ['true', 1, [], {}],
    integer: ['1', 1.5, true, [], {}],
    number: ['1', true, [], {}],
  }
  expect(
    await refuseAll(harbour, ({ body: { schema, example } }) =>
      Object.entries(others).flatMap(([type, values]) =>
        placesOf(schema, type).flatMap((place) =>
          values.map((value) => JSON.stringify(withValue(example, place, value))),
        ),
      ),
    ),
  ).toEqual(nothingWrong)
})

test('a number that no column holds is refused in every numeric field', async () => {
  const harbour = await openHarbour()
  const numbers = ['1e400', '-1e400', '1e308', '-1', '9223372036854775808', '-0.5', '0.1']
  const numeric = (operation: WithBody) =>
    ['integer', 'number'].flatMap((type) => placesOf(operation.body.schema, type))
  const cases = withJson
    .filter((operation) => numeric(operation).length > 0)
    .flatMap((operation) => numeric(operation).map((place) => ({ operation, place })))
  expect(cases.length).toBeGreaterThan(1)
  for (const { operation, place } of cases)
    for (const number of numbers) {
      const marked = JSON.stringify(withValue({}, place, 'the number'))
      const answer = await harbour.send(operation, {
        method: operation.method,
        target: targetOf(operation),
        headers: { 'content-type': 'application/json' },
        body: marked.replace('"the number"', number),
      })
      // A time in the far future is brought down to the longest that a tag may live.
      if (place[0] === 'expiration' && !number.startsWith('-') && answer.status === 201) continue
      // Whether the past is meant is asked of a key that is there.
      const isTold = operation.operationId === 'updateServiceKey' && answer.status === 404
      refusal(answer, 'v1', isTold ? 404 : 400)
    }
})

test('JSON that nests a thousand deep is refused by every operation with a body', async () => {
  const harbour = await openHarbour()
  expect(
    await refuseAll(harbour, ({ body: { example } }) => [
      `${'['.repeat(1000)}${']'.repeat(1000)}`,
      JSON.stringify(withField(example, 'extra', 'X')).replace(
        '"X"',
        `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`,
      ),
      '['.repeat(1_000_000),
    ]),
  ).toEqual(nothingWrong)
})

test('a key that stands twice is refused, however it is written', async () => {
  const harbour = await openHarbour()
  expect(
    await refuseAll(harbour, ({ body: { example } }) => {
      const text = JSON.stringify(example)
      const [key = ''] = Object.keys([example].flat()[0] as object)
      const escaped = `\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${key.slice(1)}`
      return [key, escaped].map((twice) => text.replace('{', `{"${twice}":1,`))
    }),
  ).toEqual(nothingWrong)
})

test('a body of more than 1 MiB is refused before it is read', async () => {
  const harbour = await openHarbour()
  expect(await refuseAll(harbour, () => ['x'.repeat(1_048_577)], 413)).toEqual(nothingWrong)
})

test('fields that the document does not name change nothing', async () => {
  const { server } = await openHarbour()
  const { call } = await server.user('mallory')
  const before = await server.deps.db
    .selectFrom('user_account')
    .selectAll()
    .orderBy('namespace_id')
    .execute()
  const fields = Object.keys(before[0]!).map((name) => [name, null])
  for (const extra of [
    { is_superuser: true },
    { namespace_id: 1 },
    { password_hash: 'x' },
    Object.fromEntries(fields.filter(([name]) => name !== 'email')),
    JSON.parse('{"__proto__": {"is_superuser": true}, "constructor": {"prototype": {}}}'),
  ]) {
    const { status } = await call('PUT', '/api/v1/user/', {
      body: { ...extra, invoice_email: false, invoice_email_address: null },
    })
    expect([200, 400]).toContain(status)
  }
  const after = await server.deps.db
    .selectFrom('user_account')
    .selectAll()
    .orderBy('namespace_id')
    .execute()
  expect(after).toEqual(before)
  expect(({} as { is_superuser?: boolean }).is_superuser).toBeUndefined()
})

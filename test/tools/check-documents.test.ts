import { describe, expect, test } from 'vitest'

import { findBrokenExamples } from '../../tools/check-documents/examples.ts'
import { findDoubleNames, findFaults, rules } from '../../tools/check-documents/rules.ts'
import type { Operation, Schema } from '../../tools/generate/document.ts'
import { documentWith, json } from './document.ts'

const faultsOf = (changes: Partial<Operation>) =>
  findFaults(
    documentWith(changes),
    rules((name) => name === 'FEATURE_A'),
  )
const query = (schema: Schema) => ({ name: 'a', in: 'query', schema })
const refusal = { $ref: '#/components/responses/NotFound' }

test('a sound document has no faults', () => {
  expect(faultsOf({ 'x-feature': ['FEATURE_A'] })).toEqual([])
  expect(findBrokenExamples(documentWith())).toEqual([])
  expect(findDoubleNames([documentWith()])).toEqual([])
})

describe('a planted fault is found', () => {
  const unnamed = {
    description: '',
    content: { 'application/json': { schema: { type: 'object' } } },
  }
  const faults: [Partial<Operation>, RegExp][] = [
    [{ 'x-permission': { require: 'repo:eat' } }, /x-permission requires "repo:eat"/],
    [{ 'x-permission': {} }, /x-permission requires undefined/],
    [
      { responses: { '204': { description: '' }, '404': unnamed } },
      /404: the schema of application\/json needs a name/,
    ],
    [{ requestBody: unnamed }, /request: the schema of application\/json needs a name/],
    [{ responses: { '204': { description: '' } } }, /declares no 4xx/],
    [{ responses: { '404': { description: '' } } }, /declares no 2xx or 3xx/],
    [{ security: [{ passport: [] }] }, /passport, which is no security scheme/],
    [
      { security: [{ oauthToken: ['repo:eat'] }] },
      /scope repo:eat, which oauthToken does not have/,
    ],
    [{ security: [{ session: [] }] }, /session needs csrf/],
    [
      {
        security: [{ session: [] }],
        'x-permission': { require: 'repo:write', checkBody: 'oauth-client' },
      },
      /session needs csrf/,
    ],
    [{ 'x-feature': ['FEATURE_B'] }, /FEATURE_B, which is no configuration key/],
    [{ parameters: [query({ type: 'string' })] }, /parameter a lacks maxLength/],
    [
      { parameters: [query({ type: 'string', pattern: '^[a-z]+$' })] },
      /parameter a lacks maxLength/,
    ],
    [
      { parameters: [query({ type: 'array', items: { type: 'boolean' } })] },
      /parameter a lacks maxItems/,
    ],
    [
      { parameters: [query({ type: 'object', additionalProperties: true })] },
      /parameter a lacks maxProperties/,
    ],
    [
      {
        requestBody: {
          content: {
            'text/plain': {
              schema: { type: 'object', properties: { list: { items: { type: 'string' } } } },
            },
          },
        },
      },
      /body.list\[\] lacks maxLength/,
    ],
  ]
  test.each(faults)('%j', (changes, fault) => {
    expect(faultsOf(changes)).toEqual([expect.stringMatching(/^deleteTag: /)])
    expect(faultsOf(changes)).toEqual([expect.stringMatching(fault)])
  })
})

test('a check that compares the CSRF token of a form stands for csrf beside session', () => {
  const permission = { require: 'signed-in', checkBody: 'form-csrf' }
  expect(faultsOf({ security: [{ session: [] }], 'x-permission': permission })).toEqual([])
})

test('an operationId that both documents use is found', () => {
  expect(findDoubleNames([documentWith(), documentWith()])).toEqual([
    expect.stringContaining('deleteTag'),
  ])
})

test('an example that breaks its schema is found in responses, bodies, headers and parameters', () => {
  const broken = { schema: { type: 'integer' }, example: 'one' }
  const document = documentWith({
    parameters: [{ name: 'n', in: 'query', ...broken }],
    requestBody: { content: { 'application/json': broken } },
    responses: {
      '200': { description: '', headers: { Range: broken } },
      '404': json('#/components/schemas/ApiError', { status: '404' }),
      '409': refusal,
    },
  })
  expect(findBrokenExamples(document)).toHaveLength(4)
})

test('null is an example of a nullable schema only', () => {
  const body = (schema: Record<string, string | boolean>) =>
    documentWith({ requestBody: { content: { 'application/json': { schema, example: null } } } })
  expect(findBrokenExamples(body({ type: 'string', nullable: true }))).toEqual([])
  expect(findBrokenExamples(body({ type: 'string' }))).toHaveLength(1)
})

test('a pattern without repetition, a choice and a uuid are bounds', () => {
  for (const schema of [{ pattern: '^a{0,9}$' }, { enum: ['a'] }, { format: 'uuid' }])
    expect(faultsOf({ parameters: [query({ type: 'string', ...schema })] })).toEqual([])
})

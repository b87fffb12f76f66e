import { expect, test } from 'vitest'

import type { OpenApiDocument } from '../../tools/generate/document.ts'
import {
  carryEveryOperation,
  injectEveryOperation,
  type EveryOperation,
} from '../../tools/generate/every-operation.ts'
import { documentWith, json } from './document.ts'

const schema = '#/components/schemas/ApiError'

function inject(document: OpenApiDocument, every: EveryOperation) {
  const source = { ...document, 'x-every-operation': every }
  const injected = injectEveryOperation(carryEveryOperation(source) as never)
  return { ...injected, operation: injected.paths['/tag/{tag}']?.delete }
}

test('a response for every operation is put in, and what an operation declares itself stays', () => {
  const own = { description: 'Mine.' }
  const document = documentWith({ responses: { '503': own } })
  const every = { responses: { '500': json(schema, {}), '503': json(schema, {}) } }
  expect(inject(document, every).operation?.responses).toEqual({
    '500': json(schema, {}),
    '503': own,
  })
})

test('responses for operations with a body go to those alone', () => {
  const every = { withBody: { '413': { description: 'Too large.' } } }
  const requestBody = { content: {} }
  expect(inject(documentWith(), every).operation?.responses).not.toHaveProperty('413')
  expect(inject(documentWith({ requestBody }), every).operation?.responses).toHaveProperty('413')
})

test('the answer to HEAD gets no content', () => {
  const document = documentWith()
  document.paths['/tag/{tag}'] = { head: { responses: {} } }
  const injected = inject(document, {
    responses: { '404': { $ref: '#/components/responses/NotFound' } },
  })
  expect(injected.paths['/tag/{tag}']?.head?.responses).toEqual({
    '404': { description: 'An answer.' },
  })
})

test('nothing of the extension stays, nor components that nothing uses any more', () => {
  const injected = inject(documentWith({ responses: {} }), {
    responses: { '404': { $ref: '#/components/responses/Unused' } },
  })
  expect(Object.keys(injected.paths)).toEqual(['/tag/{tag}'])
  expect(injected).not.toHaveProperty('x-every-operation')
  expect(Object.keys(injected.components ?? {})).toEqual(['securitySchemes'])
})

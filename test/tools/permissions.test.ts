import { expect, test } from 'vitest'

import { permissions } from '#generated/permissions.ts'

import { permissionTable } from '../../tools/generate/permissions.ts'
import { documentWith } from './document.ts'

test('the table says of an operation what its document says', () => {
  expect(permissions.removeTagFromTimemachine).toEqual({
    api: 'v1',
    method: 'post',
    path: '/api/v1/repository/{repository}/tag/{tag}/expire',
    features: ['PERMANENTLY_DELETE_TAGS'],
    security: [{ oauthToken: ['repo:write'] }, { session: [], csrf: [] }],
    permission: { require: 'repo:write' },
  })
})

test('one feature needs no list, and none is an empty one', () => {
  const one = documentWith({ operationId: 'one', 'x-feature': 'FEATURE_A' })
  const table = permissionTable({ v1: one, v2: documentWith() })
  expect(table).toMatch(/^ {2}one: .*"features":\["FEATURE_A"\]/m)
  expect(table).toMatch(/^ {2}deleteTag: .*"features":\[\]/m)
})

test('an operation without x-permission is refused by name', () => {
  const document = documentWith()
  delete document.paths['/tag/{tag}']?.delete?.['x-permission']
  expect(() => permissionTable({ v1: document, v2: documentWith() })).toThrow(
    'deleteTag has no x-permission',
  )
})

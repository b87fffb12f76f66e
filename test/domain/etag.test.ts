import { expect, test } from 'vitest'

import { matchesEtag } from '#domain/etag.ts'

const etag = '"sha256:abc"'

test('an ETag is found alone, in a list, weak, unquoted, or by a star', () => {
  for (const header of [
    '"sha256:abc"',
    'W/"sha256:abc"',
    'sha256:abc',
    '*',
    '"x", "sha256:abc"',
    '"x" ,W/"sha256:abc" , "y"',
  ])
    expect([header, matchesEtag(header, etag)]).toEqual([header, true])
})

test('anything else does not match', () => {
  for (const header of [
    undefined,
    '',
    '"sha256:ab"',
    '"sha256:abcd"',
    'sha256',
    '"*"',
    'w/"sha256:abc"',
  ])
    expect([header, matchesEtag(header, etag)]).toEqual([header, false])
})

import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { avatarOf } from '#domain/avatar.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

test('an avatar is drawn from the e-mail address, trimmed and in lower case', () => {
  expect(avatarOf('user', 'ada', ' Ada@Example.com ')).toMatchObject({
    name: 'ada',
    kind: 'user',
    hash: sha256('ada@example.com'),
  })
})

test('without an e-mail address it is drawn from the name', () => {
  expect(avatarOf('org', 'acme').hash).toBe(sha256('acme'))
  expect(avatarOf('user', 'ada', null).hash).toBe(sha256('ada'))
})

test('the colour is #rrggbb, and the same for the same hash', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), (name, id) => {
      const { color } = avatarOf('user', name, id)
      expect(color).toMatch(/^#[0-9a-f]{6}$/)
      expect(avatarOf('team', 'other', id).color).toBe(color)
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  checkPassword,
  isTagName,
  parseEmail,
  parseNamespaceName,
  parseRepositoryName,
  parseTagName,
  parseTeamName,
} from '#domain/name.ts'

const refusal = (code: string) => expect.objectContaining({ code })

describe('a repository name', () => {
  test('is cut at its first slash', () => {
    expect(parseRepositoryName('acme/team/app', 'library')).toEqual({
      namespace: 'acme',
      name: 'team/app',
      fullName: 'acme/team/app',
    })
  })

  test('of one segment belongs to the library namespace', () => {
    expect(parseRepositoryName('nginx', 'library').fullName).toBe('library/nginx')
    expect(parseRepositoryName('nginx', 'stock').fullName).toBe('stock/nginx')
  })

  test.each(['a/b', 'a.b/c_d', 'a__b/c', 'a---b/c', '0/1', 'a/b/c/d/e'])('may be %j', (text) => {
    expect(parseRepositoryName(text, 'library').fullName).toBe(text)
  })

  test.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    'A/b',
    'a/B',
    'a/b_',
    '-a/b',
    'a/b..c',
    'a/b___c',
    'a/ü',
  ])('may not be %j', (text) => {
    expect(() => parseRepositoryName(text, 'library')).toThrow(refusal('name_invalid'))
  })

  test('has 255 characters at most', () => {
    const name = (length: number) => `a/${'b'.repeat(length - 2)}`
    expect(parseRepositoryName(name(255), 'library').fullName).toHaveLength(255)
    expect(() => parseRepositoryName(name(256), 'library')).toThrow(refusal('name_invalid'))
  })

  test('reads the same after it has been read', () => {
    const segment = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,8}){0,2}$/)
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const { fullName } = parseRepositoryName(segments.join('/'), 'library')
        expect(parseRepositoryName(fullName, 'other').fullName).toBe(fullName)
      }),
    )
  })

  test('is judged in linear time, whatever it is', () => {
    const started = performance.now()
    expect(() => parseRepositoryName(`${'a-'.repeat(127)}!`, 'library')).toThrow('not a repository')
    expect(performance.now() - started).toBeLessThan(200)
  })
})

describe('a tag name', () => {
  test.each(['latest', 'v1.2.3', '_a', 'A-b_c.D', 'x'.repeat(128)])('may be %j', (text) => {
    expect(parseTagName(text)).toBe(text)
  })

  test.each(['', '.a', '-a', 'a b', 'a/b', 'a:b', 'ä', 'x'.repeat(129), 'a\n'])(
    'may not be %j',
    (text) => {
      expect(isTagName(text)).toBe(false)
      expect(() => parseTagName(text)).toThrow(refusal('tag_invalid'))
    },
  )
})

describe('the name of a user or organization', () => {
  test.each(['ab', 'a.b', 'a_b-c', '00', 'x'.repeat(255)])('may be %j', (text) => {
    expect(parseNamespaceName(text)).toBe(text)
  })

  test.each(['', 'a', 'Ab', 'a b', '_ab', 'ab-', 'a..b', 'a__b', 'a+b', 'ä2', 'x'.repeat(256)])(
    'may not be %j',
    (text) => {
      expect(() => parseNamespaceName(text)).toThrow(refusal('invalid_request'))
      expect(() => parseTeamName(text)).toThrow(refusal('invalid_request'))
    },
  )

  test('always makes a good first segment of a repository name', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{2,20}(?:[._-][a-z0-9]{1,9}){0,3}$/), (text) => {
        expect(parseRepositoryName(`${parseNamespaceName(text)}/a`, 'library').namespace).toBe(text)
      }),
    )
  })
})

describe('an e-mail address', () => {
  test.each(['a@b', 'ada@example.com', "o'neil+tag@sub.example.co.uk", 'ä@example.com'])(
    'may be %j',
    (text) => {
      expect(parseEmail(text)).toBe(text)
    },
  )

  test.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'a@b@c',
    'a b@example.com',
    'ada@-example.com',
    'ada@example..com',
    'ada@exam_ple.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.com`,
    `a@${'b.'.repeat(130)}com`,
  ])('may not be %j', (text) => {
    expect(() => parseEmail(text)).toThrow(refusal('invalid_request'))
  })
})

describe('a password', () => {
  test.each(['12345678', 'correct-horse', 'ünïcödé!', 'x'.repeat(1024)])('may be %j', (text) => {
    expect(checkPassword(text)).toBe(text)
  })

  test.each(['', '1234567', 'with space', 'with\ttab12', 'x'.repeat(1025)])(
    'may not be %j',
    (text) => {
      expect(() => checkPassword(text)).toThrow(refusal('invalid_request'))
    },
  )

  test('is never repeated in the refusal', () => {
    expect(() => checkPassword('top secret')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('top secret') }),
    )
  })
})

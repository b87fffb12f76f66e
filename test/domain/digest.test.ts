import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  algorithmOf,
  digestAlgorithms,
  digestOf,
  hashDigest,
  isDigest,
  parseDigest,
  parseDigestAlgorithm,
} from '#domain/digest.ts'

test('the digest of bytes is a digest, of its algorithm, and parses to itself', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom(...digestAlgorithms), (bytes, algorithm) => {
      const digest = digestOf(bytes, algorithm)
      expect(isDigest(digest)).toBe(true)
      expect(parseDigest(digest)).toBe(digest)
      expect(algorithmOf(digest)).toBe(algorithm)
    }),
  )
})

test('digests are those that everybody else computes', () => {
  expect(digestOf(Buffer.from('hello'))).toBe(
    'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
  )
  expect(digestOf(Buffer.alloc(0), 'sha512')).toBe(
    'sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
  )
})

test('a running hash gives its digest and can go on', () => {
  const hash = createHash('sha256').update('hel')
  expect(hashDigest('sha256', hash)).toBe(digestOf(Buffer.from('hel')))
  hash.update('lo')
  expect(hashDigest('sha256', hash)).toBe(digestOf(Buffer.from('hello')))
})

test('text that is no digest is refused', () => {
  const hex = 'a'.repeat(64)
  const bad = [
    '',
    'latest',
    hex,
    `sha256:${hex}0`,
    `sha256:${hex.slice(1)}`,
    `sha256:${hex.toUpperCase()}`,
    `sha512:${hex}`,
    `sha384:${'a'.repeat(96)}`,
    ` sha256:${hex}`,
    `sha256:${hex}\n`,
  ]
  for (const text of bad) {
    expect(isDigest(text)).toBe(false)
    expect(() => parseDigest(text)).toThrow(/is not a digest/)
  }
})

test('algorithms are known by their exact names', () => {
  expect(digestAlgorithms.map(parseDigestAlgorithm)).toEqual(['sha256', 'sha512'])
  for (const text of ['', 'SHA256', 'sha384', 'md5', 'toString'])
    expect(() => parseDigestAlgorithm(text)).toThrow(/is not supported/)
})

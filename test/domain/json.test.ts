import fc from 'fast-check'
import { expect, test } from 'vitest'

import { maxJsonDepth, parseJson } from '#domain/json.ts'

test('what is written as JSON is read as it was', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
})

test('text that is no JSON is refused, wherever it ends', () => {
  const text = JSON.stringify({ a: ['b"\\', { 'c\u00e9': null }], d: '\u0001' })
  for (let end = 0; end < text.length; end++)
    expect(() => parseJson(text.slice(0, end))).toThrow(SyntaxError)
})

test('repeated keys, depth and characters that cannot be kept are refused, each for its reason', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  expect(parseJson(nested(maxJsonDepth))).toBeDefined()
  expect(() => parseJson(nested(maxJsonDepth + 1))).toThrow('levels deep')
  expect(() => parseJson('{"a":1,"\\u0061":2}')).toThrow("the key 'a' stands twice")
  expect(parseJson('{"a":{"a":1},"b":["a","a"]}')).toEqual({ a: { a: 1 }, b: ['a', 'a'] })
  for (const text of ['"\\u0000"', '{"\\u0000":1}', '["\\ud800"]', '"\\udc00\\ud800"'])
    expect(() => parseJson(text)).toThrow('cannot be kept')
  expect(parseJson('"\\ud83d\\udc33 \\\\u0000"')).toBe('🐳 \\u0000')
})

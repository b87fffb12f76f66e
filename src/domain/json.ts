import { isStorable } from './text.ts'

/*
 * JSON that comes from outside. Parsers disagree about repeated keys, deep nesting costs dear, and some
 * characters cannot be kept: all are refused before anything is made of the text.
 */

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** Deeper than any honest document. */
export const maxJsonDepth = 64

/** Parses JSON. Throws a `SyntaxError` that says what is wrong: the syntax, a repeated key, the depth, or a character. */
export function parseJson(text: string): unknown {
  checkStructure(text)
  return JSON.parse(text)
}

/** One pass over a text that may be JSON; what it lets through is parsed afterwards. */
function checkStructure(text: string): void {
  // Without an escape of this form no character can be wrong: the text was UTF-8.
  const hasEscapes = text.includes('\\u')
  /** For each open bracket: the keys of the object so far, or nothing for an array. */
  const open: (Set<string> | undefined)[] = []
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index)
    if (character === quote) {
      const end = endOfString(text, index)
      if (hasEscapes) checkCharacters(text.slice(index, end + 1))
      const keys = open.at(-1)
      if (keys && isKey(text, end)) addKey(keys, text.slice(index, end + 1))
      index = end
    } else if (character === openBrace || character === openBracket) {
      open.push(character === openBrace ? new Set() : undefined)
      if (open.length > maxJsonDepth)
        throw new SyntaxError(`it nests more than ${maxJsonDepth} levels deep`)
    } else if (character === closeBrace || character === closeBracket) open.pop()
  }
}

/** Index of the closing quote; of the last character when there is none. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charCodeAt(index)
    if (character === backslash) index++
    else if (character === quote) return index
  }
  return text.length - 1
}

function checkCharacters(literal: string): void {
  if (!literal.includes('\\u') || isStorable(JSON.parse(literal) as string)) return
  throw new SyntaxError(
    `the text ${literal.slice(0, 80)} holds U+0000 or half of a surrogate pair, which cannot be kept`,
  )
}

/** A string is a key when a colon follows. */
function isKey(text: string, end: number): boolean {
  for (let index = end + 1; index < text.length; index++) {
    const character = text[index]
    if (character === ':') return true
    if (character !== ' ' && character !== '\n' && character !== '\t' && character !== '\r')
      return false
  }
  return false
}

function addKey(keys: Set<string>, literal: string): void {
  const key = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
  if (keys.has(key))
    throw new SyntaxError(`the key '${key.slice(0, 80)}' stands twice in one object`)
  keys.add(key)
}

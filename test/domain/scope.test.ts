import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { parseRepositoryName } from '#domain/name.ts'
import type { TokenAction } from '#domain/permission.ts'
import type { AccessEntry } from '#domain/principal.ts'
import { grants, parseScopes, readName, withoutHost } from '#domain/scope.ts'

const registry = { host: 'localhost:8080', libraryNamespace: 'library' }

describe('parseScopes', () => {
  test('reads repeated and space-joined scopes alike', () => {
    const expected = [
      { type: 'repository', name: 'acme/a', actions: ['pull', 'push'] },
      { type: 'repository', name: 'acme/b', actions: ['pull'] },
    ]
    expect(parseScopes(['repository:acme/a:pull,push', 'repository:acme/b:pull'])).toEqual(expected)
    expect(parseScopes(['repository:acme/a:pull,push repository:acme/b:pull'])).toEqual(expected)
  })

  test('ends a name at its last colon, so that it may hold a host with a port', () => {
    expect(parseScopes(['repository:localhost:8080/acme/a:pull'])[0]).toMatchObject({
      name: 'localhost:8080/acme/a',
    })
  })

  test('takes a class after the type, the catalog, and a scope without actions', () => {
    expect(parseScopes(['repository(plugin):acme/a:pull', 'registry:catalog:*'])).toEqual([
      { type: 'repository', name: 'acme/a', actions: ['pull'] },
      { type: 'registry', name: 'catalog', actions: ['*'] },
    ])
    expect(parseScopes(['repository:acme/a:', ''])).toMatchObject([{ actions: [] }])
  })

  test.each(['repository', 'repository:acme/a', ':acme/a:pull', 'Repository:a:pull', 'a:b:PULL'])(
    'refuses %j, which is no scope',
    (text) => {
      expect(() => parseScopes([text])).toThrow(
        expect.objectContaining({ code: 'invalid_request' }),
      )
    },
  )

  test('refuses more than 100 scopes, or 16 KiB of them', () => {
    const many = (count: number) => Array<string>(count).fill('repository:acme/a:pull')
    expect(parseScopes(many(100))).toHaveLength(100)
    expect(() => parseScopes(many(101))).toThrow('at most 100 scopes')
    expect(() => parseScopes([`repository:${'a'.repeat(16_384)}:pull`])).toThrow('at most')
  })
})

describe('the access list of a token', () => {
  const name = parseRepositoryName('acme/app', 'library')
  const allows = (access: AccessEntry[], action: TokenAction) =>
    grants(access, { name, action, ...registry })
  const entry = (asked: string, ...actions: TokenAction[]): AccessEntry => ({
    type: 'repository',
    name: asked,
    actions,
  })

  test('allows the actions it names on the repositories it names', () => {
    expect(allows([entry('acme/app', 'pull')], 'pull')).toBe(true)
    expect(allows([entry('acme/app', 'pull')], 'push')).toBe(false)
    expect(allows([entry('acme/other', 'pull')], 'pull')).toBe(false)
    expect(allows([], 'pull')).toBe(false)
  })

  test('compares names as this registry reads them', () => {
    expect(allows([entry('localhost:8080/acme/app', 'pull')], 'pull')).toBe(true)
    expect(allows([entry('elsewhere.example/acme/app', 'pull')], 'pull')).toBe(false)
    const nginx = parseRepositoryName('nginx', 'library')
    expect(
      grants([entry('library/nginx', 'pull')], { name: nginx, action: 'pull', ...registry }),
    ).toBe(true)
  })

  test('allows every action with *', () => {
    for (const action of ['pull', 'push', 'delete', '*'] as const)
      expect(allows([entry('acme/app', '*')], action)).toBe(true)
  })

  test('counts only entries about repositories', () => {
    expect(allows([{ type: 'registry', name: 'acme/app', actions: ['*'] }], 'pull')).toBe(false)
  })

  test('never loses a right by a further entry', () => {
    const anyEntry = fc.record({
      type: fc.constantFrom('repository', 'registry'),
      name: fc.constantFrom('acme/app', 'acme/other', 'localhost:8080/acme/app', 'NOT A NAME'),
      actions: fc.subarray<TokenAction>(['pull', 'push', 'delete', '*']),
    })
    fc.assert(
      fc.property(
        fc.array(anyEntry),
        anyEntry,
        fc.constantFrom<TokenAction>('pull', 'push', 'delete', '*'),
        (access, added, action) => {
          expect(Number(allows([...access, added], action))).toBeGreaterThanOrEqual(
            Number(allows(access, action)),
          )
        },
      ),
    )
  })
})

test('only the own host is cut off a name', () => {
  expect(withoutHost('localhost:8080/acme/app', 'localhost:8080')).toBe('acme/app')
  expect(withoutHost('localhost:80809/acme/app', 'localhost:8080')).toBe('localhost:80809/acme/app')
})

test('a scope that names no repository reads as none', () => {
  expect(readName('acme/app', registry)?.fullName).toBe('acme/app')
  expect(readName('Acme/App', registry)).toBeUndefined()
})

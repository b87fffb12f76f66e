import { expect, test } from 'vitest'

import {
  extendUri,
  formTarget,
  isOwnPath,
  isRegisteredUri,
  parseRedirectUri,
} from '#domain/redirect-uri.ts'

test('a redirect address is plain and nobody else’s, and leads somewhere only when it is absolute', () => {
  for (const text of [
    '',
    'https://a.example/cb?x=1',
    'http://[::1]:8080/cb',
    'com.example.app:/cb',
  ])
    expect(parseRedirectUri(text)).toBe(text)
  for (const text of ['a.example/cb', '/cb', '//a.example/', 'https://', '#', 'https://[/']) {
    expect(parseRedirectUri(text)).toBe(text)
    for (const asked of [text, `${text}x`]) expect(isRegisteredUri(asked, text)).toBe(false)
  }
  for (const text of [
    'https://a.example/#x',
    'https://u:p@a.example/',
    'https://a.example/a b',
    'https://a.example\\@b.example/',
    'https://a.example/\n',
    'https://a;b/',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'myapp:/cb',
  ])
    expect(() => parseRedirectUri(text)).toThrow('redirect_uri')
})

test('an address matches letter by letter', () => {
  const registered = 'https://a.example/cb'
  expect(isRegisteredUri(registered, registered)).toBe(true)
  for (const asked of [
    `${registered}/`,
    `${registered}?x`,
    'https://A.example/cb',
    'https://a.example:443/cb',
    'https://a.example.evil/cb',
    'http://a.example/cb',
    '',
  ])
    expect(isRegisteredUri(asked, registered)).toBe(false)
  expect(isRegisteredUri('', '')).toBe(false)
})

test('one with a slash at its end is a prefix of plain segments', () => {
  const registered = 'https://a.example/in/'
  for (const rest of ['', 'x', 'x/', 'x/y.z?q=1&r=2', '.well-known/x', '...'])
    expect(isRegisteredUri(registered + rest, registered)).toBe(true)
  for (const rest of [
    '..',
    '../x',
    'x/../..',
    './x',
    'x/..?q',
    '/x',
    'x//y',
    '%2e%2e/',
    'a@b',
    'x#y',
    'x?q=%0a',
  ])
    expect(isRegisteredUri(registered + rest, registered)).toBe(false)
})

test('a long path of a prefix is decided at once', () => {
  const registered = 'https://a.example/in/'
  const startedAt = performance.now()
  isRegisteredUri(`${registered}${'a'.repeat(2000)}%`, registered)
  isRegisteredUri(`${registered}${'a/'.repeat(1000)}%`, registered)
  expect(performance.now() - startedAt).toBeLessThan(100)
})

test('parameters are added to those that an address has', () => {
  expect(extendUri('https://a.example/cb?x=1', { code: 'a b', state: undefined })).toBe(
    'https://a.example/cb?x=1&code=a+b',
  )
  expect(extendUri('com.example.app:/cb', { state: '&#' }, { access_token: 't' })).toBe(
    'com.example.app:/cb?state=%26%23#access_token=t',
  )
  expect(formTarget('https://a.example:8443/cb')).toBe('https://a.example:8443')
  expect(formTarget('com.example.app:/cb')).toBe('com.example.app:')
})

test('a path of this registry leads to no other host', () => {
  for (const text of ['/', '/oauth/authorize?client_id=x&redirect_uri=https%3A%2F%2Fa.example'])
    expect(isOwnPath(text)).toBe(true)
  for (const text of [
    '',
    'x',
    '//a.example',
    '/\\a.example',
    'https://a.example',
    '/\t/a.example',
    '/ä',
  ])
    expect(isOwnPath(text)).toBe(false)
})

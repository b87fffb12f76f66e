import { expect, test } from 'vitest'

import { outcome } from '#test/support/client.ts'
import { callback, startBoard, type Board } from './oauth-fixture.ts'

const type = 'multipart/form-data; boundary=xx'

/** A part of a form. */
const part = (name: string, value: string, more = '') =>
  `--xx\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`

/** Sends a form that takes both media types. */
async function send({ server, browser, clientId }: Board, body: string, contentType = type) {
  await server.user('bob')
  const named = { client_id: clientId, redirect_uri: callback, scope: 'repo:read' }
  const query = new URLSearchParams({ ...named, username: 'bob', format: 'json' })
  const path = `/oauth/authorize/assignuser?${query}`
  return outcome(browser('POST', path, { headers: { 'content-type': contentType }, body }))
}

test('a form may be multipart/form-data where the document says so', async () => {
  const board = await startBoard()
  const good = `${part('_csrf_token', board.csrfToken)}--xx--\r\n`
  expect(await send(board, good)).toEqual([200])
})

test.each([
  ['no form', 'nonsense', type],
  ['one without its end', part('a', 'b'), type],
  ['one without a boundary', `${part('a', 'b')}--xx--\r\n`, 'multipart/form-data'],
  ['a field twice', `${part('a', 'b')}${part('a', 'c')}--xx--\r\n`, type],
  ['a file', `${part('a', 'b', '; filename="a.txt"')}--xx--\r\n`, type],
  ['a field with U+0000', `${part('a', '\0')}--xx--\r\n`, type],
  ['a field of a usual form twice', 'a=b&a=c', 'application/x-www-form-urlencoded'],
])('%s is refused with 400', async (_, body, contentType) => {
  const board = await startBoard()
  expect(await send(board, body, contentType)).toEqual([400, 'invalid_request'])
})

test('a form of another media type is refused with 415', async () => {
  const board = await startBoard()
  expect(await send(board, '{}', 'application/json')).toEqual([415, 'unsupported_media_type'])
})

import { connect } from 'node:net'
import { expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { imageManifestType } from '#domain/manifest.ts'
import { makeImage } from '#test/support/image.ts'
import { sendBytes, sendRaw } from '#test/support/raw.ts'
import { passwordOf } from '#test/support/server.ts'
import { base, refusal, openHarbour, push } from './bad-input.ts'

const other = `sha256:${'0'.repeat(64)}`

test('a digest that does not match what was sent is refused, and nothing is kept', async () => {
  const harbour = await openHarbour()
  const { manifest } = makeImage('unpushed')
  const put = (path: string, body: Uint8Array) =>
    push(harbour, 'PUT', path, { body, headers: { 'content-type': imageManifestType } })
  for (const digest of [other, `sha512:${'0'.repeat(128)}`, 'sha256:', 'md5:d41d8cd9', `${other}0`])
    expect(refusal(await put(`manifests/${digest}`, manifest), 'v2', 400)[1]).toBe('DIGEST_INVALID')
  for (const digest of [other, 'sha256:short', 'SHA256:ABC', '../../etc/passwd']) {
    const path = `blobs/uploads/?digest=${encodeURIComponent(digest)}`
    expect(refusal(await push(harbour, 'POST', path, { body: 'hello' }), 'v2', 400)[1]).toBe(
      'DIGEST_INVALID',
    )
  }
  refusal(await push(harbour, 'POST', 'blobs/uploads/?digest-algorithm=md5'), 'v2', 400)
  await expect.poll(() => harbour.leftovers(), { timeout: 10_000 }).toEqual({})
})

test('chunks that do not fit are refused, and the upload stays where it was', async () => {
  const harbour = await openHarbour()
  const begun = await push(harbour, 'POST', 'blobs/uploads/')
  const location = begun.headers.get('location')!
  const refused = [
    ['5-9', 'hello', 416],
    ['0-9', 'hello', 400],
    ['0-3', 'hello', 400],
    ['4-0', 'hello', 400],
    ['-5', 'hello', 400],
    ['0-', 'hello', 400],
    ['a-b', 'hello', 400],
    ['0-99999999999999999999', 'hello', 400],
    ['1e1-2e1', 'hello', 400],
    ['x'.repeat(99), 'hello', 400],
  ] as const
  for (const [range, body, status] of refused) {
    const answer = await push(harbour, 'PATCH', location, {
      headers: { 'content-range': range },
      body,
    })
    expect([status, 416]).toContain(answer.status)
    refusal(answer, 'v2')
    const state = await push(harbour, 'GET', location)
    expect([state.status, state.headers.get('range')]).toEqual([204, begun.headers.get('range')])
  }
  refusal(await push(harbour, 'PUT', location), 'v2', 400)
  refusal(await push(harbour, 'PUT', `${location}?digest=nonsense`), 'v2', 400)
  expect((await push(harbour, 'DELETE', location)).status).toBe(204)
  refusal(await push(harbour, 'PATCH', location, { body: 'hello' }), 'v2', 404)
  refusal(await push(harbour, 'DELETE', location), 'v2', 404)
  await expect.poll(() => harbour.leftovers(), { timeout: 10_000 }).toEqual({})
})

test('ranges that make no sense are refused with 416 or passed over, as RFC 9110 has it', async () => {
  const harbour = await openHarbour()
  const stable = await push(harbour, 'GET', 'manifests/stable')
  const { digest, size } = stable.json.layers[0]
  const get = (range: string) => push(harbour, 'GET', `blobs/${digest}`, { headers: { range } })
  for (const range of [
    `bytes=${size}-`,
    'bytes=99999999999999999999-',
    'bytes=-0',
    `bytes=${size}-,${size + 5}-`,
  ]) {
    const answer = await get(range)
    expect(refusal(answer, 'v2', 416)[1]).toBe('RANGE_INVALID')
    expect(answer.headers.get('content-range')).toBe(`bytes */${size}`)
  }
  for (const range of [
    'bytes=3-1',
    'bytes=',
    'bytes=a-b',
    'bytes=1',
    'bytes=--1',
    'bytes=0-0x1',
    'bytes',
    ',',
  ])
    expect([200, 416]).toContain((await get(range)).status)
  for (const range of [
    'lines=0-1',
    `bytes=${Array.from({ length: 500 }, () => '0-0').join(',')}`,
    'bytes=0-,0-,0-',
  ])
    expect((await get(range)).status).toBe(200)
})

test('a body that ends before its Content-Length is not kept', async () => {
  const harbour = await openHarbour()
  const { host, identify } = harbour
  const {
    authorization,
    cookie,
    'x-csrf-token': token,
  } = {
    ...identify({ api: 'v2', operationId: '' }),
    ...identify({ api: 'v1', operationId: '' }),
  }
  const digest = digestOf(Buffer.from('hello'))
  const heads = [
    `POST ${base}/blobs/uploads/?digest=${digest} HTTP/1.1\r\nAuthorization: ${authorization}\r\n`,
    `PUT ${base}/manifests/bad HTTP/1.1\r\nAuthorization: ${authorization}\r\nContent-Type: ${imageManifestType}\r\n`,
    `POST /api/v1/repository HTTP/1.1\r\nCookie: ${cookie}\r\nX-CSRF-Token: ${token}\r\nContent-Type: application/json\r\n`,
  ]
  for (const head of heads)
    await hangUp(host, `${head}Host: ${host}\r\nContent-Length: 100\r\n\r\nhello`)
  await expect.poll(() => harbour.leftovers(), { timeout: 10_000 }).toEqual({})
})

async function hangUp(host: string, bytes: string): Promise<void> {
  const [name, port] = host.split(':')
  const socket = connect({ host: name!, port: Number(port) })
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
  socket.destroy()
}

test('a body that stalls or trickles is given up with 408 and the connection closed', async () => {
  const harbour = await openHarbour({ bodyTimeoutMs: 200 })
  const { host, identify } = harbour
  const {
    authorization,
    cookie,
    'x-csrf-token': token,
  } = {
    ...identify({ api: 'v2', operationId: '' }),
    ...identify({ api: 'v1', operationId: '' }),
  }
  const cases = [
    [
      'v2',
      `POST ${base}/blobs/uploads/?digest=${other} HTTP/1.1\r\nAuthorization: ${authorization}\r\n`,
    ],
    [
      'v2',
      `PUT ${base}/manifests/bad HTTP/1.1\r\nAuthorization: ${authorization}\r\nContent-Type: ${imageManifestType}\r\n`,
    ],
    ['form', `POST /v2/auth HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n`],
    [
      'v1',
      `POST /api/v1/repository HTTP/1.1\r\nCookie: ${cookie}\r\nX-CSRF-Token: ${token}\r\nContent-Type: application/json\r\n`,
    ],
  ] as const
  for (const [face, head] of cases) {
    const [stalled] = await sendBytes(host, [
      `${head}Host: ${host}\r\nContent-Length: 100\r\n\r\nhello`,
    ])
    refusal(stalled!, face, 408)
    if (head.includes('uploads')) continue
    const drops = Array.from({ length: 10 }, () => 'x')
    const trickle = [`${head}Host: ${host}\r\nContent-Length: 100\r\n\r\n`, ...drops]
    const [trickled] = await sendBytes(host, trickle, { pauseMs: 50 })
    refusal(trickled!, face, 408)
  }
  await expect.poll(() => harbour.leftovers(), { timeout: 10_000 }).toEqual({})
})

test('forms that are none are refused in the words of OAuth 2', async () => {
  const harbour = await openHarbour()
  const { host } = harbour
  const form = 'application/x-www-form-urlencoded'
  const post = (body: string | Uint8Array, type = form) =>
    sendRaw(host, { method: 'POST', target: '/v2/auth', headers: { 'content-type': type }, body })
  const password = passwordOf('ada')
  for (const body of [
    '',
    '&&&',
    'grant_type=',
    'grant_type=nonsense',
    'grant_type=password',
    'grant_type=password&username=ada',
    'grant_type=password&grant_type=password',
    `grant_type=password&username=ac%00me&password=${password}`,
    `grant_type=password&username=ada&password=${password}&scope=a%00b`,
    `grant_type=password&username=ada&password=${password}&service=elsewhere`,
    `grant_type=password&username=${'x'.repeat(1000)}&password=x`,
    `grant_type=refresh_token&refresh_token=${'x'.repeat(10_000)}`,
    'grant_type=refresh_token&refresh_token=%c0%ae',
    '{"grant_type":"password"}',
    Buffer.from([0xff, 0xfe, 0x00]),
  ])
    expect(refusal(await post(body), 'form', 400)[1]).toMatch(/^(invalid_|unsupported_)/)
  refusal(await post('{}', 'application/json'), 'form', 415)
  refusal(await post('x'.repeat(1_048_577)), 'form', 413)
  await expect.poll(() => harbour.leftovers(), { timeout: 10_000 }).toEqual({})
})

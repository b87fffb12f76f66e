import { expect, test } from 'vitest'

import { everyOperation, targetOf } from '#test/support/operation.ts'
import { sendBytes, sendRaw, toBytes } from '#test/support/raw.ts'
import { startServer } from '#test/support/server.ts'
import { cheaply, faultsOf, openHarbour, refusal } from './bad-input.ts'

test('a head of more than 32 KiB is refused with 431 in the words of both faces', async () => {
  const { host } = await openHarbour()
  const tooLarge = [431, 'INVALID_REQUEST']
  await cheaply(async () => {
    for (const length of [40_000, 1_000_000]) {
      const long = 'x'.repeat(length)
      for (const request of [
        { method: 'GET', target: '/v2/', headers: { 'x-long': long } },
        { method: 'GET', target: `/v2/_catalog?last=${long}` },
        { method: 'GET', target: `/api/v1/users/${long}` },
        { method: 'POST', target: '/api/v1/signin', headers: { cookie: long }, body: '{}' },
      ])
        expect(refusal(await sendRaw(host, request), 'both')).toEqual(tooLarge)
    }
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x-${index}`, '1']))
    const answer = await sendRaw(host, { method: 'GET', target: '/', headers: many })
    expect(refusal(answer, 'both')).toEqual(tooLarge)
  })
})

test('what is no request of HTTP/1.1 is refused with 400, and the connection is closed', async () => {
  const { host } = await openHarbour()
  for (const bytes of [
    'hello\r\n\r\n',
    'GET\r\n\r\n',
    'GET /v2/ HTTP/9.9\r\n\r\n',
    'GET /v2/ HTTX/1.1\r\n\r\n',
    'GET /v2/ two words HTTP/1.1\r\nHost: a\r\n\r\n',
    'NONSENSE /v2/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /v2/ HTTP/1.1\r\nHost a\r\n\r\n',
    'GET /v2/ HTTP/1.1\r\nHost: a\r\nX-Nul: a\0b\r\n\r\n',
    'GET /v2/ HTTP/1.1\r\nHost: a\r\n : b\r\n\r\n',
    'GET /v2/\0 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET v2 HTTP/1.1\r\nHost: a\r\n\r\n',
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]) {
    const answers = await sendBytes(host, [bytes])
    expect(answers).toHaveLength(1)
    refusal(answers[0]!, 'both', 400)
  }
})

test('a request without a Host, with two, or with one that is none is refused', async () => {
  const { host } = await startServer()
  const refused = [
    '',
    'Host: a\r\nHost: b\r\n',
    'Host: a, b\r\n',
    'Host: a/b\r\n',
    'Host: <script>\r\n',
    'Host: a:b\r\n',
    `Host: ${'a'.repeat(300)}\r\n`,
    'Host:\r\n',
  ]
  for (const lines of refused)
    for (const [path, face] of [
      ['/v2/', 'v2'],
      ['/api/v1/repository?public=true', 'v1'],
    ] as const) {
      const [answer] = await sendBytes(host, [
        `GET ${path} HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`,
      ])
      expect(refusal(answer!, face)[0]).toBe(400)
    }
})

test('methods that a path does not have are refused with 405 and those that it has', async () => {
  const { host } = await openHarbour()
  const methods = ['TRACE', 'PROPFIND', 'PURGE', 'LINK', 'SEARCH']
  const cases = everyOperation().flatMap((operation) =>
    methods.map((method) => ({ operation, method })),
  )
  expect(
    await faultsOf(cases, async ({ operation, method }) => {
      const answer = await sendRaw(host, { method, target: targetOf(operation) })
      refusal(answer, operation.api, 405)
      expect(answer.headers.get('allow')?.split(', ')).toContain(operation.method)
    }),
  ).toEqual([])
  const [tunnel] = await sendBytes(host, [`CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n`])
  refusal(tunnel!, 'both', 405)
})

test('a request target in any other form is answered', async () => {
  const { host } = await openHarbour()
  for (const target of ['*', 'http://[/', `http://${host}/v2/`, '//[', '///', '/?', '/#a', '/v2']) {
    const { status } = await sendRaw(host, { method: 'GET', target })
    expect(status).toBeLessThan(500)
  }
  const { status } = await sendRaw(host, { method: 'OPTIONS', target: '*' })
  expect(status).toBeLessThan(500)
})

test('Content-Length and Transfer-Encoding at once, or wrong, are refused and nothing is smuggled', async () => {
  const harbour = await openHarbour()
  const { host } = harbour
  const smuggled = 'GET /v2/smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  const head = `POST /v2/acme/nginx/blobs/uploads/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n`
  for (const lines of [
    `Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n${smuggled}`,
    `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
    `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `Content-Length: 1\r\nContent-Length: 2\r\n\r\nab${smuggled}`,
    'Content-Length: -1\r\n\r\n',
    'Content-Length: 1x\r\n\r\na',
    'Content-Length: 0x10\r\n\r\n0123456789abcdef',
    'Content-Length: 99999999999999999999999\r\n\r\na',
    'Content-Length: 1, 1\r\n\r\na',
  ]) {
    const answers = await sendBytes(host, [head + lines])
    expect(answers).toHaveLength(1)
    refusal(answers[0]!, 'both', 400)
  }
  await expect.poll(() => harbour.leftovers(), { timeout: 10_000 }).toEqual({})
})

test('a broken chunk is refused, and what came before it is not kept', async () => {
  const harbour = await openHarbour()
  const { host } = harbour
  const { authorization } = harbour.identify({ api: 'v2', operationId: '' })
  const head = `POST /v2/acme/nginx/blobs/uploads/?digest=sha256:${'0'.repeat(64)} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\nTransfer-Encoding: chunked\r\n\r\n`
  for (const chunk of [
    'zz\r\nhello\r\n',
    '5\r\nhello!!\r\n',
    `5;${'x'.repeat(40_000)}\r\nhello\r\n`,
  ]) {
    const answers = await sendBytes(host, [`${head}2\r\nab\r\n${chunk}0\r\n\r\n`])
    expect(answers).toHaveLength(1)
    expect(answers[0]!.status).toBeGreaterThanOrEqual(400)
    expect(answers[0]!.status).toBeLessThan(500)
  }
  // The parser answers while the handler still clears away.
  await expect.poll(() => harbour.leftovers(), { timeout: 10_000 }).toEqual({})
})

test('characters that would begin another header are never sent back as one', async () => {
  const { host } = await openHarbour()
  for (const path of ['a%0d%0aSet-Cookie:%20b=c', '%e2%82%ac', '%22,error=%22', 'a%7f', 'a%5c%22b'])
    for (const [method, rest] of [
      ['POST', 'blobs/uploads/'],
      ['PUT', 'manifests/x'],
      ['GET', 'tags/list'],
      ['DELETE', 'blobs/x'],
    ] as const) {
      const target = `/v2/${path}/${rest}`
      const answer = await sendRaw(host, { method, target })
      refusal(answer, 'v2')
      expect(answer.headers.has('set-cookie')).toBe(false)
      const challenge = answer.headers.get('www-authenticate') ?? ''
      expect(challenge).not.toMatch(/[^\x20-\x7e]|error="/)
    }
})

test('bad credentials are refused, whatever they are made of', async () => {
  const harbour = await openHarbour()
  const { host } = harbour
  const pair = (text: string) => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`
  for (const authorization of [
    pair('acme\0:password'),
    pair('acme:pass\0word'),
    pair(`${'a'.repeat(10_000)}:${'b'.repeat(10_000)}`),
    pair('no colon'),
    pair('\xff\xfe:\xff'),
    pair(':'),
    'Basic ***',
    'Basic',
    'Bearer x',
    'Digest a=b',
    'x'.repeat(20_000),
    '\xe4\xf6',
  ]) {
    const headers = { authorization }
    const token = await sendRaw(host, { method: 'GET', target: '/v2/auth?service=', headers })
    refusal(token, 'v2')
    const api = await sendRaw(host, { method: 'GET', target: '/v2/', headers })
    refusal(api, 'v2', 401)
    const user = await sendRaw(host, { method: 'GET', target: '/api/v1/user/', headers })
    refusal(user, 'v1', 401)
  }
  for (const cookie of [
    'portolan_session=x',
    `portolan_session=${'x'.repeat(9000)}`,
    'portolan_session=\xff',
    '=',
    ';;;',
  ])
    refusal(
      await sendRaw(host, { method: 'GET', target: '/api/v1/user/', headers: { cookie } }),
      'v1',
      401,
    )
  await expect.poll(() => harbour.leftovers(), { timeout: 10_000 }).toEqual({})
})

test('HTTP/1.0 is served, and refused like everything else', async () => {
  const { host } = await startServer()
  const [catalog] = await sendBytes(host, [`GET /v2/_catalog HTTP/1.0\r\nHost: ${host}\r\n\r\n`])
  refusal(catalog!, 'v2', 401)
  const [health] = await sendBytes(host, [`GET /health/instance HTTP/1.0\r\nHost: ${host}\r\n\r\n`])
  expect(health!.status).toBe(200)
  const [nameless] = await sendBytes(host, ['GET /v2/ HTTP/1.0\r\n\r\n'])
  refusal(nameless!, 'v2', 400)
})

test('pipelined requests are answered in their order, up to the one that cannot be read', async () => {
  const { host } = await openHarbour()
  const get = (target: string, connection = 'keep-alive') =>
    toBytes(host, { method: 'GET', target, headers: { connection } })
  const all = await sendBytes(host, [
    Buffer.concat([
      get('/health/instance'),
      get('/v2/_catalog'),
      get('/api/v1/user/'),
      get('/nowhere'),
      get('/api/v1/nowhere', 'close'),
    ]),
  ])
  expect(all.map(({ status }) => status)).toEqual([200, 401, 401, 404, 404])
  const broken = await sendBytes(host, [
    Buffer.concat([get('/v2/_catalog'), Buffer.from('nonsense\r\n\r\n')]),
  ])
  expect(broken.map(({ status }) => status)).toContain(400)
})

test('an upgrade and an unknown expectation are passed over', async () => {
  const { host } = await openHarbour()
  for (const headers of [
    { connection: 'upgrade, close', upgrade: 'websocket' },
    { expect: 'the-unexpected' },
    { te: 'nonsense', trailer: 'host' },
  ] as Record<string, string>[])
    expect(refusal(await sendRaw(host, { method: 'GET', target: '/v2/', headers }), 'v2')).toEqual([
      401,
      'UNAUTHORIZED',
    ])
})

test('a head that does not come is given up with 408', async () => {
  const { host } = await openHarbour({ headTimeoutMs: 200 })
  for (const pieces of [
    ['GET /v2/ HTTP/1.1\r\n'],
    ['GET /v2/ HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n', 'X-C: d\r\n', 'X-E: f\r\n', 'X-G: h\r\n'],
  ]) {
    const [answer] = await sendBytes(host, pieces, { pauseMs: 100 })
    expect(refusal(answer!, 'both')).toEqual([408, 'REQUEST_TIMEOUT'])
  }
})

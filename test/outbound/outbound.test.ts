import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'

import { openOutbound, type Lookup } from '#outbound/outbound.ts'

interface Listener {
  port: number
  /** Connections that were made. */
  connections(): number
}

/** A server on the loopback address of a test; it tells whether anybody has come. */
async function listen(answer: http.RequestListener): Promise<Listener> {
  let connections = 0
  const server = http.createServer(answer)
  server.on('connection', () => {
    connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, connections: () => connections }
}

const sendJson: http.RequestListener = (_request, response) => {
  response.end('{"a":1}')
}

/** A name service that gives these addresses, one list after the other. */
function answering(...answers: string[][]): Lookup {
  return (_hostname, _options, callback) => {
    const addresses = answers.length > 1 ? answers.shift()! : answers[0]!
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    callback(null, found)
  }
}

test.each([
  'https://127.0.0.1',
  'https://2130706433',
  'https://0x7f.1',
  'https://0177.0.0.1',
  'https://127.1',
  'https://[::1]',
  'https://[::ffff:127.0.0.1]',
  'https://[64:ff9b::7f00:1]',
  'https://10.0.0.1',
  'https://169.254.169.254/latest/meta-data/',
  'https://[fd00:ec2::254]',
  'https://0.0.0.0',
  'https://224.0.0.1',
  'https://%31%32%37.0.0.1',
  'https://127。0。0。1',
])('a URL with an internal address is refused, however it is written: %s', async (url) => {
  const outbound = openOutbound({ allowedHosts: [] })
  expect(() => outbound.parseUrl(url)).toThrow('SSRF_ALLOWED_HOSTS')
  await expect(outbound.fetchJson(url)).rejects.toThrow('SSRF_ALLOWED_HOSTS')
})

test.each([
  ['http://example.com', 'http is for hosts'],
  ['ftp://example.com', 'begins with https'],
  ['file:///etc/passwd', 'begins with https'],
  ['https://name:secret@example.com', 'must not hold credentials'],
  ['https://name@example.com', 'must not hold credentials'],
  ['example.com', 'begins with https'],
  ['https://', 'begins with https'],
  ['', 'begins with https'],
])('%j is not accepted as a URL', (url, reason) => {
  expect(() => openOutbound({ allowedHosts: [] }).parseUrl(url)).toThrow(reason)
})

test.each([
  ['127.0.0.1'],
  ['10.0.0.1'],
  ['169.254.169.254'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['64:ff9b::7f00:1'],
  ['fd00::1'],
  ['0.0.0.0'],
  ['1.1.1.1', '127.0.0.1'],
])(
  'a name with an internal address is refused before a connection is made: %s %s',
  async (...addresses) => {
    const { port, connections } = await listen(sendJson)
    const lookup = answering(addresses.filter((address) => typeof address === 'string'))
    const outbound = openOutbound({ allowedHosts: [], lookup })
    const refused = outbound.fetchJson(`https://issuer.example:${port}/`)
    await expect(refused).rejects.toThrow('issuer.example has no public address')
    expect(connections()).toBe(0)
  },
)

test('the name localhost is refused by what the system says of it', async () => {
  const { port, connections } = await listen(sendJson)
  const refused = openOutbound({ allowedHosts: [] }).fetchJson(`https://localhost:${port}/`)
  await expect(refused).rejects.toThrow('localhost has no public address')
  expect(connections()).toBe(0)
})

test('a name is looked up once, and what was checked is what is connected to', async () => {
  const { port, connections } = await listen(sendJson)
  // TEST-NET-1 stands for a public address: it is allowed, and nobody answers there.
  const lookup = answering(['192.0.2.1'], ['127.0.0.1'])
  const outbound = openOutbound({ allowedHosts: ['192.0.2.0/24'], lookup, timeoutMs: 100 })
  await expect(outbound.fetchJson(`https://issuer.example:${port}/`)).rejects.toThrow()
  expect(connections()).toBe(0)
})

test.each([['127.0.0.1'], ['127.0.0.0/8'], ['localhost']])(
  'SSRF_ALLOWED_HOSTS lets %s in, with http too',
  async (allowed) => {
    const { port } = await listen(sendJson)
    const outbound = openOutbound({ allowedHosts: [allowed] })
    const host = allowed === 'localhost' ? 'LOCALHOST' : '127.0.0.1'
    expect(await outbound.fetchJson(`http://${host}:${port}/`)).toEqual({ a: 1 })
  },
)

test('a network in SSRF_ALLOWED_HOSTS lets names with its addresses in, and no other', async () => {
  const { port, connections } = await listen(sendJson)
  const lookup = answering(['127.0.0.1'], ['127.0.0.1', '10.0.0.1'])
  const outbound = openOutbound({ allowedHosts: ['127.0.0.0/8'], lookup })
  // No TLS there: the connection is made and the handshake fails.
  await expect(outbound.fetchJson(`https://issuer.example:${port}/`)).rejects.toThrow()
  expect(connections()).toBe(1)
  const mixed = outbound.fetchJson(`https://issuer.example:${port}/`)
  await expect(mixed).rejects.toThrow('has no public address')
  expect(connections()).toBe(1)
})

test('a redirect is not followed', async () => {
  const target = await listen(sendJson)
  const { port } = await listen((_request, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${target.port}/` }).end()
  })
  const outbound = openOutbound({ allowedHosts: ['127.0.0.1'] })
  await expect(outbound.fetchJson(`http://127.0.0.1:${port}/`)).rejects.toThrow('it answered 302')
  expect(target.connections()).toBe(0)
})

test('an answer of more than 512 KiB is cut off', async () => {
  const { port } = await listen((_request, response) => {
    response.end(`"${'a'.repeat(512 * 1024)}"`)
  })
  const outbound = openOutbound({ allowedHosts: ['127.0.0.1'] })
  await expect(outbound.fetchJson(`http://127.0.0.1:${port}/`)).rejects.toThrow('more than 524288')
})

test('an answer that trickles in is given up when the time is over', async () => {
  const { port } = await listen((_request, response) => {
    const timer = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(timer))
  })
  const outbound = openOutbound({ allowedHosts: ['127.0.0.1'], timeoutMs: 200 })
  await expect(outbound.fetchJson(`http://127.0.0.1:${port}/`)).rejects.toThrow('aborted')
})

test('an answer that is no JSON, or breaks off, is refused', async () => {
  const { port } = await listen((request, response) => {
    if (request.url === '/text') response.end('hello')
    else response.writeHead(200, { 'content-length': 100 }).write('{}')
    if (request.url !== '/text') setImmediate(() => response.destroy())
  })
  const outbound = openOutbound({ allowedHosts: ['127.0.0.1'] })
  await expect(outbound.fetchJson(`http://127.0.0.1:${port}/text`)).rejects.toThrow('JSON')
  await expect(outbound.fetchJson(`http://127.0.0.1:${port}/cut`)).rejects.toThrow('aborted')
})

import { expect, test } from 'vitest'

import { ask, outsideDatabase, startRegistry } from './process.ts'

test('with no SERVER_HOSTNAME the token realm is wherever the client came to, IPv6 included', async () => {
  const { port } = await startRegistry(await outsideDatabase())
  for (const [address, host] of [
    ['127.0.0.1', `127.0.0.1:${port}`],
    ['127.0.0.1', `localhost:${port}`],
    ['127.0.0.1', 'registry.lan'],
    ['::1', `[::1]:${port}`],
  ] as const) {
    const { status, headers } = await ask({ port, address, path: '/v2/' }, { host })
    expect([status, headers['www-authenticate']]).toEqual([
      401,
      `Bearer realm="http://${host}/v2/auth",service="${host}"`,
    ])
  }
})

test('a Host header that is no host is refused with 400', async () => {
  const { port } = await startRegistry(await outsideDatabase())
  for (const host of ['a b', 'evil"', 'a/b', 'user@host', '[::1', 'host:port'])
    for (const path of ['/v2/', '/api/v1/user/'])
      expect([host, (await ask({ port, path }, { host })).status]).toEqual([host, 400])
})

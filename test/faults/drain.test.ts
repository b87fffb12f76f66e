import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { Agent, request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { expect, onTestFinished, test, vi } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { listen } from '#http/server.ts'
import { pushBlob } from '#test/support/image.ts'
import { registryToken } from '#test/support/server.ts'
import {
  ask,
  asUser,
  findFreePort,
  makeFirstUser,
  outsideDatabase,
  prepareUsedDirectory,
  startRegistry,
} from './process.ts'

const usedDirectory = prepareUsedDirectory()
const scope = 'repository:ada/slow:pull,push'
/** More than the sockets on the way can hold, so that the server is still sending. */
const largeBytes = 32 * 1024 * 1024
/** Far below the 25 seconds after which a drain cuts off what is left. */
const promptMs = 10_000

test('SIGTERM lets requests under way end, refuses new ones, stops PostgreSQL and gives 0', async () => {
  const dataDirectory = await usedDirectory.make()
  const registry = await startRegistry({ DATA_DIR: dataDirectory, TMPDIR: dataDirectory })
  await makeFirstUser(registry, 'ada')
  const large = randomBytes(largeBytes)
  const digest = await pushBlob(await asUser(registry, 'ada', scope), 'ada/slow', large)
  const token = await registryToken(registry.call, registry.host, 'ada', [scope])
  const send = openConnections(registry.port, token)

  const download = await answerOf(send('GET', `/v2/ada/slow/blobs/${digest}`).end())
  const path = `/v2/ada/slow/blobs/uploads/?digest=${digestOf(Buffer.from('slowly'))}`
  const upload = send('POST', path, { 'content-length': '6', expect: '100-continue' })
  upload.flushHeaders()
  await once(upload, 'continue')
  upload.write('slow')

  const since = Date.now()
  process.kill(registry.pid, 'SIGTERM')
  await registry.said(/^SIGTERM: no new requests/)
  await vi.waitFor(() => expect(ask({ port: registry.port, path: '/v2/' })).rejects.toThrow('REFU'))
  const uploaded = answerOf(upload.end('ly'))
  expect((await uploaded).statusCode).toBe(201)
  expect(await sha256Of(download)).toBe(digest)

  expect(await registry.ended).toBe(0)
  expect(Date.now() - since).toBeLessThan(promptMs)
  expect(await readdir(dataDirectory)).not.toContain('lock.pid')
  expect(await readdir(join(dataDirectory, 'postgres'))).not.toContain('postmaster.pid')
})

test('an answer that is complete but not read yet is not cut off', async () => {
  const answer = Buffer.alloc(largeBytes, 'x')
  const listener = await listen((_, response) => response.end(answer), {
    bind: ['127.0.0.1'],
    port: await findFreePort(),
  })
  const send = openConnections(listener.port)
  const response = await answerOf(send('GET', '/').end())
  const drained = listener.drain()
  expect((await text(response)).length).toBe(largeBytes)
  await drained
})

test.for(['SIGINT', 'SIGHUP'] as const)(
  '%s ends an idle registry with 0, whoever keeps a connection to it',
  async (signal) => {
    const registry = await startRegistry(await outsideDatabase())
    const send = openConnections(registry.port)
    await text(await answerOf(send('GET', '/health/instance').end()))
    const since = Date.now()
    expect(await registry.end(signal)).toBe(0)
    expect(Date.now() - since).toBeLessThan(promptMs)
  },
)

test.for([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
] as const)(
  '%s and then %s ends a registry at once, whatever is under way',
  async ([first, second]) => {
    const registry = await startRegistry(await outsideDatabase())
    await makeFirstUser(registry, 'ada')
    const token = await registryToken(registry.call, registry.host, 'ada', [scope])
    const path = `/v2/ada/slow/blobs/uploads/?digest=${digestOf(Buffer.from('never'))}`
    const upload = openConnections(registry.port, token)('POST', path, {
      'content-length': '5',
      expect: '100-continue',
    })
    upload.once('error', () => undefined)
    upload.flushHeaders()
    await once(upload, 'continue')
    process.kill(registry.pid, first)
    await registry.said(/: no new requests/)
    expect(await registry.end(second)).toBe(130)
    expect(registry.lines).toContain(`${second} again: ended at once`)
  },
)

/** Makes requests on connections that are kept open, as browsers and docker do. */
function openConnections(port: number, token = '') {
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  return (method: string, path: string, headers: Record<string, string> = {}) =>
    request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/octet-stream',
        ...headers,
      },
    })
}

async function answerOf(outgoing: ReturnType<typeof request>): Promise<IncomingMessage> {
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  return response
}

async function sha256Of(response: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of response) hash.update(chunk as Buffer)
  return `sha256:${hash.digest('hex')}`
}

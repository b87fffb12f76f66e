import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { truncate } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

import { expect, onTestFinished, test } from 'vitest'

import { RegistryError } from '#domain/errors.ts'
import type { BlobReader } from '#storage/driver.ts'
import { openFilesystemDriver } from '#storage/filesystem.ts'
import { pumpBlob, type BlobPart, type TransferCheck } from '#storage/pump.ts'
import { putBlob } from './bytes.ts'
import { temporaryFolder } from './folder.ts'

test.each([0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_001])(
  'a blob of %i bytes arrives whole',
  async (size) => {
    const bytes = randomBytes(size)
    const { url, outcome } = await serve(await fileReader(bytes))
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true)
    expect(await outcome).toBe('sent')
  },
)

test('parts arrive in order, each after its head', async () => {
  const bytes = randomBytes(1_000_000)
  const parts = [
    { start: 700_000, end: 999_999, head: Buffer.from('first') },
    { start: 5, end: 5, head: Buffer.from('second') },
    { start: 0, end: 600_000 },
  ]
  const { url } = await serve(await fileReader(bytes), parts)
  const expected = [
    Buffer.from('first'),
    bytes.subarray(700_000),
    Buffer.from('second'),
    bytes.subarray(5, 6),
    bytes.subarray(0, 600_001),
  ]
  const received = Buffer.from(await (await fetch(url)).arrayBuffer())
  expect(received.equals(Buffer.concat(expected))).toBe(true)
})

test('many clients at once, more than the pool has buffers for, each get the right bytes', async () => {
  const blobs = Array.from({ length: 100 }, () => randomBytes(700_000))
  const served = await Promise.all(blobs.map(async (bytes) => serve(await fileReader(bytes))))
  const received = await Promise.all(
    served.map(async ({ url }) => Buffer.from(await (await fetch(url)).arrayBuffer())),
  )
  expect(received.filter((bytes, index) => !bytes.equals(blobs[index]!))).toEqual([])
})

test('a slow client holds the reading back: never more than two buffers are on their way', async () => {
  const bytes = randomBytes(32_000_000)
  const reader = watched(await fileReader(bytes))
  const { port, outcome } = await serve(reader)
  const received = await readSlowly(request(port))
  expect(received.subarray(-bytes.length).equals(bytes)).toBe(true)
  expect(await outcome).toBe('sent')
  expect(reader.mostBytesAhead).toBeLessThanOrEqual(2 * 256 * 1024)
})

test('a client that goes away ends the transfer, and the reader is closed after its last read', async () => {
  const reader = watched(await fileReader(randomBytes(32_000_000)))
  const { port, outcome } = await serve(reader)
  const socket = request(port)
  socket.once('data', () => socket.destroy())
  expect(await outcome).toBe('gone')
  expect([reader.closed, reader.readsPending]).toEqual([true, 0])
})

test('clients that go away leave the buffers right for those that stay', async () => {
  const bytes = randomBytes(8_000_000)
  for (let turn = 0; turn < 5; turn += 1) {
    const left = await serve(await fileReader(bytes))
    const stayed = await serve(await fileReader(bytes))
    const socket = request(left.port)
    socket.once('data', () => socket.destroy())
    const received = Buffer.from(await (await fetch(stayed.url)).arrayBuffer())
    expect(received.equals(bytes)).toBe(true)
    await left.outcome
  }
})

test('a response whose socket is gone already ends the transfer', async () => {
  const reader = watched(await fileReader(randomBytes(1000)))
  const { port, outcome } = await serve(reader, undefined, async (response) => {
    response.socket!.destroy()
  })
  request(port)
  expect(await outcome).toBe('gone')
  expect(reader.closed).toBe(true)
})

test('a buffer whose write was never confirmed is not used for the next client', async () => {
  const { promise: taken, resolve: take } = Promise.withResolvers<Buffer>()
  const stuck = new Writable({ write: (chunk: Buffer) => take(chunk) })
  const pumping = pumpBlob(await fileReader(Buffer.alloc(1_000_000, 'a')), stuck)
  const chunk = await taken
  stuck.destroy()
  expect(await pumping).toBe('gone')
  const { url } = await serve(await fileReader(Buffer.alloc(1_000_000, 'b')))
  await (await fetch(url)).arrayBuffer()
  expect(chunk.includes('b')).toBe(false)
})

test('a blob cut short on disk throws, so that the client sees a broken connection', async () => {
  const root = await temporaryFolder()
  const driver = await openFilesystemDriver(root)
  const digest = await putBlob(driver, randomBytes(2_000_000))
  const reader = watched(await driver.openBlob(digest))
  const hex = digest.slice('sha256:'.length)
  await truncate(join(root, 'blobs/sha256', hex.slice(0, 2), hex), 1_000_000)
  const { url, outcome } = await serve(reader)
  await expect(fetch(url).then((response) => response.arrayBuffer())).rejects.toThrow()
  await expect(outcome).rejects.toMatchObject({ code: 'unavailable' })
  expect(reader.closed).toBe(true)
})

test('a reader that fails throws its error and is closed', async () => {
  const reader = watched({
    sizeBytes: 10,
    version: '1',
    read: () => Promise.reject(new RegistryError('unavailable', 'EIO')),
    close: async () => {},
  })
  const { url, outcome } = await serve(reader)
  await expect(fetch(url).then((response) => response.arrayBuffer())).rejects.toThrow()
  await expect(outcome).rejects.toMatchObject({ code: 'unavailable', message: 'EIO' })
  expect(reader.closed).toBe(true)
})

test.each([
  [1, 0],
  [256 * 1024, 0],
  [256 * 1024 + 1, 256 * 1024],
  [3_000_000, 2_883_584],
])('a check that fails on a blob of %i bytes lets %i of them out', async (size, sent) => {
  const bytes = randomBytes(size)
  const seen: Buffer[] = []
  const { port, outcome } = await serve(await fileReader(bytes), undefined, undefined, {
    update: (part) => void seen.push(Buffer.from(part)),
    finish() {
      throw new RegistryError('blob_unknown', 'damaged')
    },
  })
  const received = await readSlowly(request(port))
  await expect(outcome).rejects.toMatchObject({ code: 'blob_unknown' })
  expect(Buffer.concat(seen).equals(bytes)).toBe(true)
  const head = received.indexOf('\r\n\r\n') + 4
  expect(sent === 0 ? received.length : received.length - head).toBeLessThanOrEqual(sent)
})

async function fileReader(bytes: Buffer): Promise<BlobReader> {
  const driver = await openFilesystemDriver(await temporaryFolder())
  return driver.openBlob(await putBlob(driver, bytes))
}

/** Counts what a reader does; `confirm` is told what has left the process. */
function watched(reader: BlobReader) {
  let ahead = 0
  const counts = {
    sizeBytes: reader.sizeBytes,
    version: reader.version,
    closed: false,
    readsPending: 0,
    mostBytesAhead: 0,
    confirm(bytes: number) {
      ahead -= bytes
    },
    async read(target: Uint8Array, position: number) {
      counts.readsPending += 1
      const count = await reader.read(target, position)
      counts.readsPending -= 1
      ahead += count
      counts.mostBytesAhead = Math.max(counts.mostBytesAhead, ahead)
      return count
    },
    async close() {
      counts.closed = true
      await reader.close()
    },
  }
  return counts
}

/** A server that answers one request with a blob, as `http/` does: it destroys the connection on failure. */
async function serve(
  reader: BlobReader & { confirm?: (bytes: number) => void },
  parts?: BlobPart[],
  before: (response: ServerResponse) => Promise<unknown> = async () => {},
  check?: TransferCheck,
) {
  const { promise: outcome, resolve, reject } = Promise.withResolvers<'sent' | 'gone'>()
  outcome.catch(() => {})
  const server = createServer(async (_request, response) => {
    if (!parts) response.setHeader('content-length', reader.sizeBytes)
    try {
      await before(response)
      resolve(await pumpBlob(reader, confirming(response, reader.confirm), parts, check))
      response.end()
    } catch (error) {
      response.destroy()
      reject(error)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}/`, outcome }
}

function confirming(response: ServerResponse, confirm: (bytes: number) => void = () => {}) {
  const write = response.write.bind(response) as (
    chunk: Uint8Array,
    done: (error?: Error | null) => void,
  ) => boolean
  response.write = ((chunk: Uint8Array, done: (error?: Error | null) => void) =>
    write(chunk, (error) => {
      confirm(chunk.byteLength)
      done(error)
    })) as typeof response.write
  return response
}

function request(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  return socket
}

/** Reads with a pause of one turn of the event loop after every chunk. */
async function readSlowly(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer)
    await setImmediate()
  }
  return Buffer.concat(chunks)
}

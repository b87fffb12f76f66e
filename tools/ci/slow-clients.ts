import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'

import { fullName, makeAccount, makePlace, makeToken, startServer } from './storage/place.ts'

/*
 * 100 clients upload and 100 download 1 GiB each, all at a trickle, for a minute. Fails when the registry's process ever
 * holds 300 MB or more, or when a client is not served.
 *
 *   node tools/ci/slow-clients.ts [--seconds 60] [--clients 100]
 *
 * The uploads are given up at the end, so that a few MB of each reach the disk.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '100' },
  },
})
const seconds = Number(values.seconds)
const clients = Number(values.clients)
const limitMb = 300
const blobBytes = 1024 ** 3
/** A client moves so much, and then rests. */
const sipBytes = 32_768
const restMs = 500

const place = await makePlace()
let server = await startServer(place)
const faults: string[] = []
let uploadedBytes = 0
let downloadedBytes = 0
try {
  await makeAccount(place)
  const token = await makeToken(place, ['slow'])
  const authorization = `Bearer ${token}`
  const base = `/v2/${fullName('slow')}/blobs/`
  const digest = await pushLargeBlob(base, authorization)
  const afterPushMb = await memoryMb('VmHWM')
  // What a fast push leaves in the heap is not what slow clients cost.
  await server.end('SIGTERM')
  server = await startServer(place)
  const restingMb = await memoryMb('VmRSS')

  const giveUpAt = Date.now() + seconds * 1000
  const transfers = Array.from({ length: clients }, async () => {
    await Promise.all([
      upload({ base, authorization, giveUpAt }),
      download({ path: base + digest, authorization, giveUpAt }),
    ])
  })
  const samples: number[] = []
  const sampling = sample(samples, giveUpAt)
  await Promise.all(transfers)
  await sampling
  const peakMb = await memoryMb('VmHWM')
  const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`
  console.log(
    `measured - ${clients} uploads (${mib(uploadedBytes)} in all) and ${clients} downloads (${mib(downloadedBytes)}) of 1 GiB each, ${seconds} s: ${restingMb} MB before (${afterPushMb} MB at most during a fast push of 1 GiB), median ${samples.toSorted((a, b) => a - b)[samples.length >> 1]} MB, peak ${peakMb} MB; the limit is ${limitMb} MB`,
  )
  if (peakMb >= limitMb) faults.push(`the registry held ${peakMb} MB`)
} finally {
  await server.end('SIGTERM')
  await place.remove()
}
for (const fault of faults.slice(0, 10)) console.log(`not ok - ${fault}`)
if (faults.length === 0)
  console.log(`ok - ${2 * clients} slow clients are served with less than ${limitMb} MB`)
process.exitCode = faults.length === 0 ? 0 : 1

/** Zeros, so that they cost nothing to make. */
async function pushLargeBlob(base: string, authorization: string): Promise<string> {
  const piece = Buffer.alloc(1024 ** 2)
  const hash = createHash('sha256')
  for (let sent = 0; sent < blobBytes; sent += piece.length) hash.update(piece)
  const digest = `sha256:${hash.digest('hex')}`
  const outgoing = request(`${place.url}${base}uploads/?digest=${digest}`, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': 'application/octet-stream',
      'content-length': blobBytes,
    },
  })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  for (let sent = 0; sent < blobBytes; sent += piece.length)
    if (!outgoing.write(piece)) await once(outgoing, 'drain')
  outgoing.end()
  const [answer] = await answered
  answer.resume()
  if (answer.statusCode !== 201) throw new Error(`the blob was not taken: ${answer.statusCode}`)
  return digest
}

interface Slow {
  authorization: string
  giveUpAt: number
}

/** Sends a chunk that is said to be 1 GiB, sip by sip, and goes away in the middle. */
async function upload({ base, authorization, giveUpAt }: Slow & { base: string }): Promise<void> {
  const started = await fetch(`${place.url}${base}uploads/`, {
    method: 'POST',
    headers: { authorization },
  })
  const socket = await open('PATCH', started.headers.get('location')!, [
    `Authorization: ${authorization}`,
    'Content-Type: application/octet-stream',
    `Content-Length: ${blobBytes}`,
  ])
  const sip = Buffer.alloc(sipBytes, 'x')
  while (Date.now() < giveUpAt && !socket.destroyed) {
    socket.write(sip)
    uploadedBytes += sip.length
    await sleep(restMs)
  }
  const early = String(socket.read() ?? '')
  if (early !== '' || socket.destroyed) faults.push(`an upload was ended: ${early.slice(0, 200)}`)
  socket.destroy()
}

/** Takes 1 GiB sip by sip. */
async function download({ path, authorization, giveUpAt }: Slow & { path: string }): Promise<void> {
  const socket = await open('GET', path, [`Authorization: ${authorization}`])
  let received = 0
  let head = ''
  while (Date.now() < giveUpAt && !socket.destroyed) {
    const bytes = (socket.read(Math.min(sipBytes, socket.readableLength || sipBytes)) ??
      Buffer.alloc(0)) as Buffer
    if (received === 0) head = bytes.toString('latin1', 0, 20)
    received += bytes.length
    await sleep(restMs)
  }
  downloadedBytes += received
  if (!head.startsWith('HTTP/1.1 200') || received < sipBytes || socket.destroyed)
    faults.push(`a download was not served: ${head}, ${received} bytes`)
  socket.destroy()
}

/** Begins a request on a connection of its own, whose reading is in our hands. */
async function open(method: string, path: string, headers: string[]): Promise<Socket> {
  const socket = connect(place.port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.pause()
  const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${place.port}`, ...headers]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  return socket
}

async function sample(samples: number[], until: number): Promise<void> {
  while (Date.now() < until) {
    samples.push(await memoryMb('VmRSS'))
    await sleep(500)
  }
}

/** Memory of the registry's process, in MB (10^6 bytes). */
async function memoryMb(field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8')
  const kibibytes = Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
  return Math.round((kibibytes * 1024) / 1e6)
}

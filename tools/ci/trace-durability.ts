import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import {
  fullName,
  makeAccount,
  makePlace,
  makeToken,
  postgresPid,
  startServer,
} from './storage/place.ts'
import { judgePush, parseTrace } from './storage/trace.ts'

/*
 * Watches the system calls of a registry and its PostgreSQL while blobs are pushed, and fails unless for each push the
 * bytes are synced, renamed, and their folder synced, then the row is committed, and only then 201 is sent.
 *
 *   node tools/ci/trace-durability.ts
 *
 * Needs strace, and the right to trace.
 */
const calls = [
  'fsync,fdatasync,rename,renameat,renameat2',
  'write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg',
].join(',')

if (spawnSync('strace', ['-V']).error) {
  console.error('strace is not installed: apt-get install strace')
  process.exit(1)
}
const place = await makePlace()
const server = await startServer(place)
const output = join(place.dataDirectory, 'trace')
let faults: string[]
const pushes: { way: string; hex: string }[] = []
try {
  await makeAccount(place)
  const headers = {
    authorization: `Bearer ${await makeToken(place, ['traced'])}`,
    'content-type': 'application/octet-stream',
  }
  // What is made once, such as the repository and prepared statements, is made before.
  await push('at once', randomBytes(10))
  const tracer = await startTracer()
  const large = randomBytes(3_000_000)
  for (const [way, bytes] of [
    ['at once', randomBytes(5_000)],
    ['at once', large],
    ['in chunks', randomBytes(2_500_000)],
    ['at once', Buffer.alloc(0)],
  ] as const)
    pushes.push({ way, hex: await push(way, bytes) })
  tracer.kill('SIGINT')
  await once(tracer, 'exit')
  const trace = parseTrace(await readFile(output, 'utf8'))
  console.log(`${trace.length} system calls`)
  faults = pushes.flatMap(({ hex }) => judgePush(trace, { hex }))

  async function push(way: 'at once' | 'in chunks', bytes: Buffer): Promise<string> {
    const hex = createHash('sha256').update(bytes).digest('hex')
    const base = `${place.url}/v2/${fullName('traced')}/blobs/uploads/`
    const send = async (method: string, url: string, part: Buffer) => {
      const answer = await fetch(url, { method, headers, body: new Uint8Array(part) })
      if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`)
      await answer.arrayBuffer()
      return answer
    }
    if (way === 'at once') {
      await send('POST', `${base}?digest=sha256:${hex}`, bytes)
      return hex
    }
    const started = await fetch(base, { method: 'POST', headers })
    const location = place.url + started.headers.get('location')
    await send('PATCH', location, bytes.subarray(0, 1_000_000))
    await send('PUT', `${location}?digest=sha256:${hex}`, bytes.subarray(1_000_000))
    return hex
  }
} finally {
  await server.end('SIGTERM')
}
for (const fault of faults) console.log(`not ok - ${fault}`)
for (const { way, hex } of pushes)
  if (!faults.some((fault) => fault.startsWith(hex.slice(0, 12))))
    console.log(
      `ok - ${hex.slice(0, 12)} (${way}): synced, renamed, folder synced, committed, then 201`,
    )
if (faults.length === 0) await place.remove()
else console.error(`the trace is left in ${output}`)
process.exitCode = faults.length === 0 ? 0 : 1

/** Traces the registry with all its threads, and every process of its PostgreSQL. */
async function startTracer() {
  const postmaster = (await postgresPid(place))!
  const pids = [server.pid, postmaster, ...(await childrenOf(postmaster))]
  const tracer = spawn(
    'strace',
    [
      '-f',
      '-yy',
      '-s',
      '2000',
      '-e',
      `trace=${calls}`,
      '-o',
      output,
      ...pids.flatMap((pid) => ['-p', String(pid)]),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  tracer.stderr.on('data', (chunk) => (said += String(chunk)))
  for (const giveUpAt = Date.now() + 20_000; ; await sleep(50)) {
    if (pids.every((pid) => said.includes(`Process ${pid} attached`))) break
    if (tracer.exitCode !== null || Date.now() > giveUpAt)
      throw new Error(`strace cannot trace the registry: ${said}`)
  }
  return tracer
}

async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    // The name of the command, in brackets, may hold anything.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent)
      children.push(Number(name))
  }
  return children
}

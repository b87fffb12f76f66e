import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'

import { Client } from './storage/crash-client.ts'
import {
  awaitHealth,
  makeAccount,
  makePlace,
  portolan,
  postgresPid,
  startServer,
  type ServerProcess,
} from './storage/place.ts'

/*
 * Kills server, database, or both, under four clients that push, delete and retag, and starts them again. Fails when
 * anything that was acknowledged does not hold, or when `fsck --deep` finds anything after the clean-up.
 *
 *   node tools/ci/crash.ts [--kills 30]
 */
const { values } = parseArgs({ options: { kills: { type: 'string', default: '30' } } })
const kills = Number(values.kills)
const names = ['north', 'east', 'south', 'west']
const victims = ['server', 'database', 'both'] as const
/** Beside the clients at work, each so many kills. */
const checkEvery = 5

const startedAt = performance.now()
const place = await makePlace()
const clients = names.map((name) => {
  const others = names.filter((other) => other !== name)
  return new Client(place, name, others)
})
const faults: string[] = []
let server = await startServer(place)
try {
  await makeAccount(place)
  for (let kill = 1; kill <= kills && faults.length === 0; kill += 1) await round(kill)
  faults.push(...(await verifyAll({ everything: true })))
  await server.end('SIGTERM')
  await checkStorage('with no server')
} finally {
  await server.end('SIGKILL').catch(() => undefined)
}
for (const fault of faults) console.log(`not ok - ${fault}`)
if (faults.length === 0)
  console.log('ok - everything acknowledged holds after each kill, and fsck --deep is clean')
const sum = (count: (client: Client) => number) =>
  clients.reduce((total, client) => total + count(client), 0)
console.log(
  `measured - ${kills} kills in ${Math.round((performance.now() - startedAt) / 1000)} s: ${sum((client) => client.acknowledged)} changes acknowledged, ${sum((client) => client.unanswered)} not answered; ${sum((client) => client.lookedAt)} things looked at; ${faults.length} faults`,
)
if (faults.length === 0) await place.remove()
else console.error(`the data is left in ${place.dataDirectory}`)
process.exitCode = faults.length === 0 ? 0 : 1

async function round(kill: number): Promise<void> {
  const victim = victims[kill % victims.length]!
  for (const client of clients) client.start()
  if (kill % checkEvery === 0) await checkStorage(`beside clients, before kill ${kill}`)
  await sleep(randomInt(200, 2_000))
  const struckAt = performance.now()
  server = await strike(victim)
  await awaitHealth(place)
  const healedMs = Math.round(performance.now() - struckAt)
  await Promise.all(clients.map((client) => client.stop()))
  console.log(
    `kill ${kill} (${victim}): healthy again after ${healedMs} ms, stopped after ${Math.round(performance.now() - struckAt)}`,
  )
  const found = await verifyAll({ everything: kill % (2 * checkEvery) === 0 })
  faults.push(...found.map((fault) => `after kill ${kill} (${victim}): ${fault}`))
  for (const client of clients) faults.push(...client.faults.splice(0))
}

/** Ends what is to be killed, and gives the server that runs afterwards. */
async function strike(victim: (typeof victims)[number]): Promise<ServerProcess> {
  const pid = await postgresPid(place)
  if (victim !== 'server' && pid !== undefined) process.kill(pid, 'SIGKILL')
  if (victim === 'database') return untilEnded(pid)
  await server.end('SIGKILL')
  return startServer(place)
}

/** Its backends may go on answering for a moment. */
async function untilEnded(pid: number | undefined): Promise<ServerProcess> {
  while ((await postgresPid(place)) === pid) await sleep(20)
  return server
}

async function verifyAll(options: { everything: boolean }): Promise<string[]> {
  const found = await Promise.all(clients.map((client) => client.verify(options)))
  return found.flat()
}

async function checkStorage(when: string): Promise<void> {
  const cleaned = await portolan(place, 'clean-up', '--grace', '0s')
  if (cleaned.code !== 0) faults.push(`clean-up ${when}: ${cleaned.out} ${cleaned.err}`)
  const checked = await portolan(place, 'fsck', '--deep')
  console.log(`${when}: ${cleaned.out}; ${checked.out}`)
  if (checked.code !== 0) faults.push(`fsck ${when}: ${checked.out} ${checked.err}`)
}

import { randomInt } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { readDocument } from '#http/api.ts'
import { startIssuer } from '#test/support/issuer.ts'
import { check, inSeconds, measured } from './check.ts'
import { fuzz, installSchemathesis, nameOf, type FuzzResult, type FuzzRun } from './fuzz/run.ts'
import { openPostOffice } from './fuzz/post-office.ts'
import { seedWorlds, type World } from './fuzz/world.ts'
import { startServer } from './npm-server.ts'

/*
 * Asks a running registry whatever its two documents allow, and a lot that they do not, signed in and as nobody.
 * Fails on a status of 500 or more, on an answer that its document does not declare, on an operation that was
 * never answered well, and when fewer than 20,000 requests were sent.
 *
 *   node tools/ci/fuzz.ts [--seed N] [--scale 1] [--only REGEX]
 *
 * --seed N makes the last run, whose seed is otherwise fresh, again. --scale multiplies the requests. --only asks
 * the operations alone whose id matches.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const fixedSeed = 4
const leastRequests = 20_000
const port = 18_484
const freshSeed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
const scale = Number(values.scale)
const isWhole = scale >= 1 && values.only === undefined
const folder = join(process.cwd(), '.cache', 'fuzz')
/** Requests are made up by chance, so what it left out in one run is asked again: this often at most. */
const mostRounds = 3
/** There is a first user already, and no outside service that people could sign in by. */
const neverWell = ['initializeUser', 'retrieveExternalLoginAuthorizationUrl']

const results: FuzzResult[] = []
const startedAt = performance.now()
const program = await installSchemathesis()
await mkdir(folder, { recursive: true })
const dataDirectory = await mkdtemp(join(folder, 'data-'))
const postOffice = await openPostOffice()
const issuer = await startIssuer()
const registry = await startServer({
  port,
  dataDirectory,
  environment: {
    LOG_LEVEL: 'error',
    SERVER_HOSTNAME: `localhost:${port}`,
    FEATURE_REPO_MIRROR: 'true',
    FEATURE_SUPERUSERS_FULL_ACCESS: 'true',
    FEATURE_SUPERUSER_CONFIGDUMP: 'true',
    MAIL_SERVER: '127.0.0.1',
    MAIL_PORT: String(postOffice.smtpPort),
    MAIL_USE_TLS: 'false',
    SSRF_ALLOWED_HOSTS: '127.0.0.1',
    // The session of the beginning does for the whole run.
    FRESH_LOGIN_TIMEOUT: '1h',
  },
})
try {
  const worlds = await seedWorlds(registry.url, { postOffice, issuer })
  console.log(`fixed seed ${fixedSeed}, fresh seed ${freshSeed}`)
  // Two at a time: schemathesis does one thing after the other.
  const [v1, v2] = [runsOf('v1'), runsOf('v2')]
  const nobody = v1.filter(({ signedIn }) => !signedIn)
  const lanes = [v1.filter(({ signedIn }) => signedIn), [...v2, ...nobody]]
  await Promise.all(lanes.map((lane) => fuzzAll(lane, worlds)))
  const rounds = isWhole ? mostRounds : 0
  for (let round = 1; round <= rounds; round++) await fuzzAll(runsAgain(round), worlds)
} finally {
  await registry.stop()
  postOffice.close()
  issuer.close()
  await rm(dataDirectory, { recursive: true, force: true })
}
const total = results.reduce((sum, result) => sum + count(result), 0)
await check('the registry logs no error while it is fuzzed', demandQuiet)
if (isWhole) {
  await check('every operation is answered with success now and then', demandSuccess)
  await check(`at least ${leastRequests} requests are fuzzed`, () => {
    if (total < leastRequests) throw new Error(`they were ${total}`)
  })
}
measured('requests fuzzed', `${total} in ${inSeconds(performance.now() - startedAt)}`)

/** One run after the other. */
async function fuzzAll(runs: FuzzRun[], worlds: { v1: World; v2: World }): Promise<void> {
  for (const run of runs) {
    const since = performance.now()
    const result = await fuzz(program, run, worlds[run.api], folder)
    results.push(result)
    const seconds = inSeconds(performance.now() - since)
    await check(`${nameOf(run)}: ${count(result)} requests in ${seconds}`, () => {
      if (result.findings !== '') throw new Error(result.findings)
    })
  }
}

function runsOf(api: 'v1' | 'v2'): FuzzRun[] {
  const { only } = values
  if (only !== undefined && !operationIds(api).some((id) => new RegExp(only).test(id))) return []
  const run = (signedIn: boolean, seed: number, usual: number): FuzzRun => {
    const maxExamples = Math.max(1, Math.round(usual * scale))
    return { api, signedIn, seed, maxExamples, ...(only === undefined ? {} : { only }) }
  }
  // v1 has six times the operations of v2.
  const [many, few] = api === 'v1' ? [30, 10] : [300, 80]
  return [run(true, fixedSeed, many), run(false, fixedSeed, few), run(true, freshSeed, few)]
}

/** Runs of the operations that no run before had answered well. */
function runsAgain(round: number): FuzzRun[] {
  const missing = neverAnsweredWell()
  return (['v1', 'v2'] as const).flatMap((api) => {
    const ids = operationIds(api).filter((id) => missing.includes(id))
    const only = `^(${ids.join('|')})$`
    const seed = freshSeed + round
    return ids.length === 0 ? [] : [{ api, signedIn: true, seed, maxExamples: 100, only }]
  })
}

function count({ statuses }: FuzzResult): number {
  return Object.values(statuses).reduce((sum, each) => sum + each, 0)
}

/** Nothing is logged at this level but what should not be. */
function demandQuiet(): void {
  const lines = registry.output().split('\n')
  const logged = lines.filter((line) => line.startsWith('{'))
  if (logged.length > 0) throw new Error(logged.join('\n').slice(0, 20_000))
}

function demandSuccess(): void {
  const missing = neverAnsweredWell()
  if (missing.length > 0) throw new Error(`never: ${missing.join(', ')}`)
}

/** Operations whose handler was never reached with something that it could do. */
function neverAnsweredWell(): string[] {
  const answered = new Set(
    results
      .flatMap(({ statuses }) => Object.keys(statuses))
      .map((key) => key.split(' '))
      .filter(([, status]) => Number(status) < 400)
      .map(([operationId]) => operationId),
  )
  return (['v1', 'v2'] as const)
    .flatMap(operationIds)
    .filter((id) => !neverWell.includes(id) && !answered.has(id))
}

function operationIds(api: 'v1' | 'v2'): string[] {
  return Object.values(readDocument(api).paths ?? {})
    .flatMap((item) => Object.values(item as Record<string, { operationId?: string }>))
    .map(({ operationId }) => operationId)
    .filter((id) => id !== undefined)
}

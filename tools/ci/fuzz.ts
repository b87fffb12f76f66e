import { randomInt } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { readDocument } from '#http/api.ts'
import { check, inSeconds, measured } from './check.ts'
import { fuzz, installSchemathesis, nameOf, type FuzzResult, type FuzzRun } from './fuzz/run.ts'
import { seedWorlds, type World } from './fuzz/world.ts'
import { startServer } from './npm-server.ts'

/*
 * Asks a running registry whatever its two documents allow, and a lot that they do not, signed in and as nobody.
 * Fails on a status of 500 or more, on an answer that its document does not declare, on an operation that was
 * never answered well, and when fewer than 20,000 requests were sent.
 *
 *   node tools/ci/fuzz.ts [--seed N] [--scale 1]
 *
 * --seed N makes the last run, whose seed is otherwise fresh, again. --scale multiplies the requests.
 */
const { values } = parseArgs({
  options: { seed: { type: 'string' }, scale: { type: 'string', default: '1' } },
})
const fixedSeed = 4
const leastRequests = 20_000
const port = 18_484
const freshSeed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
const scale = Number(values.scale)
const folder = join(process.cwd(), '.cache', 'fuzz')
/** There is a first user already. */
const neverWell = ['initializeUser']

const results: FuzzResult[] = []
const startedAt = performance.now()
const program = await installSchemathesis()
await mkdir(folder, { recursive: true })
const dataDirectory = await mkdtemp(join(folder, 'data-'))
const registry = await startServer({
  port,
  dataDirectory,
  environment: { LOG_LEVEL: 'error', FEATURE_REPO_MIRROR: 'true' },
})
try {
  const worlds = await seedWorlds(registry.url)
  console.log(`fixed seed ${fixedSeed}, fresh seed ${freshSeed}`)
  // Two at a time: schemathesis does one thing after the other.
  await Promise.all([fuzzDocument('v1', worlds.v1), fuzzDocument('v2', worlds.v2)])
} finally {
  await registry.stop()
  await rm(dataDirectory, { recursive: true, force: true })
}
const total = results.reduce((sum, result) => sum + count(result), 0)
await check('the registry logs no error while it is fuzzed', demandQuiet)
if (scale >= 1) {
  await check('every operation is answered with success now and then', demandSuccess)
  await check(`at least ${leastRequests} requests are fuzzed`, () => {
    if (total < leastRequests) throw new Error(`they were ${total}`)
  })
}
measured('requests fuzzed', `${total} in ${inSeconds(performance.now() - startedAt)}`)

/** The runs over one document, one after the other. */
async function fuzzDocument(api: 'v1' | 'v2', world: World): Promise<void> {
  for (const run of runsOf(api)) {
    const result = await fuzz(program, run, world, folder)
    results.push(result)
    await check(`${nameOf(run)}: ${count(result)} requests`, () => {
      if (result.findings !== '') throw new Error(result.findings)
    })
  }
}

function runsOf(api: 'v1' | 'v2'): FuzzRun[] {
  const examples = (usual: number) => Math.max(1, Math.round(usual * scale))
  return [
    { api, signedIn: true, seed: fixedSeed, maxExamples: examples(300) },
    { api, signedIn: false, seed: fixedSeed, maxExamples: examples(80) },
    { api, signedIn: true, seed: freshSeed, maxExamples: examples(80) },
  ]
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
    .flatMap((api) => Object.values(readDocument(api).paths ?? {}))
    .flatMap((item) => Object.values(item as Record<string, { operationId?: string }>))
    .map(({ operationId }) => operationId)
    .filter((id): id is string => id !== undefined && !neverWell.includes(id) && !answered.has(id))
}

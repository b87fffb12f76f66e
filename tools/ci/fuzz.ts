import { randomInt } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { readDocument } from '#http/api.ts'
import { fuzz, installSchemathesis, nameOf, type FuzzResult, type FuzzRun } from './fuzz/run.ts'
import { seedWorlds } from './fuzz/world.ts'
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

const startedAt = performance.now()
const program = await installSchemathesis()
await mkdir(folder, { recursive: true })
const registry = await startServer({
  port,
  environment: { LOG_LEVEL: 'error', FEATURE_REPO_MIRROR: 'true' },
})
const results: FuzzResult[] = []
try {
  const worlds = await seedWorlds(registry.url)
  console.log(`fixed seed ${fixedSeed}, fresh seed ${freshSeed}`)
  const run = async (api: 'v1' | 'v2') => {
    for (const each of runsOf(api)) {
      const result = await fuzz(program, each, worlds[api], folder)
      results.push(result)
      console.log(
        `${nameOf(each)}: ${count(result)} requests${result.findings && ', with findings'}`,
      )
    }
  }
  // Two at a time: schemathesis does one thing after the other.
  await Promise.all([run('v1'), run('v2')])
} finally {
  await registry.stop()
}
const faults = judge()
for (const fault of faults) console.error(fault)
const total = results.reduce((sum, result) => sum + count(result), 0)
const seconds = Math.round((performance.now() - startedAt) / 1000)
console.log(`${total} requests in ${seconds} s, ${faults.length} faults`)
process.exitCode = faults.length === 0 ? 0 : 1

function runsOf(api: 'v1' | 'v2'): FuzzRun[] {
  const examples = (usual: number) => Math.max(1, Math.round(usual * scale))
  return [
    { api, signedIn: true, seed: fixedSeed, maxExamples: examples(200) },
    { api, signedIn: false, seed: fixedSeed, maxExamples: examples(50) },
    { api, signedIn: true, seed: freshSeed, maxExamples: examples(50) },
  ]
}

function count({ statuses }: FuzzResult): number {
  return Object.values(statuses).reduce((sum, each) => sum + each, 0)
}

function judge(): string[] {
  const found: string[] = []
  for (const { run, findings } of results)
    if (findings !== '') found.push(`--- ${nameOf(run)}\n${findings}`)
  // Nothing is logged at this level but what should not be.
  const logged = registry
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .join('\n')
  if (logged !== '') found.push(`--- the registry has logged errors\n${logged.slice(0, 20_000)}`)
  if (scale >= 1) {
    const sent = results.reduce((sum, result) => sum + count(result), 0)
    if (sent < leastRequests) found.push(`only ${sent} requests were sent`)
    const missing = neverAnsweredWell()
    if (missing.length > 0) found.push(`never answered with success: ${missing.join(', ')}`)
  }
  return found
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

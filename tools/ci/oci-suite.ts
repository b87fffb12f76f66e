import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { parse } from 'yaml'

import { check, measured } from './check.ts'
import { must, run } from './command.ts'
import { initializeUser, makeFolder, withServer, type Server } from './npm-server.ts'

/*
 * The OCI conformance suite, dev profile, once as shipped and once with sparse manifests. Every result is Pass, and there
 * are as many as `oci-suite.json` says; what the suite leaves out by its own default is named there too. Its exit code
 * is not looked at: it ends with 0 on a wrong configuration.
 *
 *   node tools/ci/oci-suite.ts [--port 18091]
 */
const suite =
  'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111'
const user = 'oci'
const password = 'conformance'
const { values } = parseArgs({ options: { port: { type: 'string', default: '18091' } } })

/** What the tree says that a run must give. */
interface Expected {
  pass: number
  /** Sets of data that the suite leaves out in this mode. */
  disabled: string[]
}

/** `results.yaml`, as far as it is read. */
interface Results {
  apis: Record<string, string>
  data: Record<string, string>
}

const modes = {
  shipped: { server: {}, suite: {} },
  sparse: {
    server: { FEATURE_SPARSE_IMAGE: 'true', FEATURE_SPARSE_INDEX: 'true' },
    suite: { OCI_DATA_SPARSE: 'true' },
  },
} as const
type Mode = keyof typeof modes

const statuses = ['Disabled', 'Skip', 'Pass', 'FAIL', 'Error'] as const

const expected = JSON.parse(
  await readFile(join(import.meta.dirname, 'oci-suite.json'), 'utf8'),
) as Record<Mode, Expected>

await must(['go', 'install', suite])
for (const mode of ['shipped', 'sparse'] as const)
  await check(`OCI suite, ${mode}: every result is Pass`, () =>
    withServer({ port: Number(values.port), environment: modes[mode].server }, (server) =>
      prove(server, mode),
    ),
  )

async function prove(server: Server, mode: Mode): Promise<void> {
  await initializeUser(server, user, password)
  const folder = await makeFolder('oci')
  const { stdout } = await run(['conformance'], {
    folder,
    environment: {
      OCI_VERSION: 'dev',
      OCI_REGISTRY: server.host,
      OCI_TLS: 'disabled',
      OCI_USERNAME: user,
      OCI_PASSWORD: password,
      OCI_REPO1: `${user}/repo1`,
      OCI_REPO2: `${user}/repo2`,
      OCI_RESULTS_DIR: folder,
      ...modes[mode].suite,
    },
  })
  const counts = readCounts(stdout)
  measured(`OCI suite, ${mode}`, describe(counts))
  const results = parse(await readFile(join(folder, 'results.yaml'), 'utf8')) as Results
  const faults = [...countFaults(counts, expected[mode]), ...resultFaults(results, expected[mode])]
  if (faults.length > 0) throw new Error(`${faults.join('\n')}\nthe report is in ${folder}`)
  await rm(folder, { recursive: true })
}

type Counts = Record<(typeof statuses)[number], number>

/** The counts at the end of the suite's output; results.yaml holds only the verdict of each group. */
function readCounts(output: string): Counts {
  const count = (status: string) =>
    Number(new RegExp(`^ +${status}\\.*: +(\\d+)$`, 'm').exec(output)?.[1] ?? Number.NaN)
  return Object.fromEntries(statuses.map((status) => [status, count(status)])) as Counts
}

function describe(counts: Counts): string {
  return statuses.map((status) => `${counts[status]} ${status}`).join(', ')
}

function countFaults(counts: Counts, { pass }: Expected): string[] {
  const bad = statuses.filter((status) => status !== 'Pass' && counts[status] !== 0)
  return [
    ...bad.map((status) => `${counts[status]} results are ${status}`),
    ...(counts.Pass === pass
      ? []
      : [`${counts.Pass} results are Pass, oci-suite.json says ${pass}`]),
  ]
}

function resultFaults({ apis, data }: Results, { disabled }: Expected): string[] {
  const entries = [...Object.entries(apis), ...Object.entries(data)]
  if (entries.length < 40) return [`results.yaml holds ${entries.length} results only`]
  return entries
    .filter(([name, status]) => status !== (disabled.includes(name) ? 'Disabled' : 'Pass'))
    .map(([name, status]) => `${name}: ${status}`)
}

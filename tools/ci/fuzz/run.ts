import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { World } from './world.ts'

const version = '4.32.5'
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
]

/** One run of schemathesis over one document. */
export interface FuzzRun {
  api: 'v1' | 'v2'
  signedIn: boolean
  seed: number
  /** Most made-up requests for an operation, beside those that the document's shape asks for. */
  maxExamples: number
  /** What the ids of the operations match that are asked; all without it. */
  only?: string
}

/** What a run has seen. */
export interface FuzzResult {
  run: FuzzRun
  /** Requests by operation and status: `getRepo 404`. */
  statuses: Record<string, number>
  /** What is wrong, for people; empty when nothing is. */
  findings: string
}

/** Installs schemathesis into `.cache/`, once. Gives its program. */
export async function installSchemathesis(): Promise<string> {
  const folder = join(process.cwd(), '.cache', `schemathesis-${version}`)
  const program = join(folder, 'bin', 'schemathesis')
  if (existsSync(program)) return program
  const run = promisify(execFile)
  await mkdir('.cache', { recursive: true })
  await run('python3', ['-m', 'venv', folder])
  await run(join(folder, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${version}`])
  return program
}

/** Name of a run for people. */
export function nameOf({ api, signedIn, seed }: FuzzRun): string {
  return `${api} ${signedIn ? 'signed in' : 'as nobody'}, seed ${seed}`
}

/** Runs schemathesis; `folder` takes its files. */
export async function fuzz(
  program: string,
  run: FuzzRun,
  world: World,
  folder: string,
): Promise<FuzzResult> {
  const { api, signedIn, seed, maxExamples, only } = run
  const stem = join(folder, `${api}-${signedIn ? 'signed-in' : 'nobody'}-${seed}`)
  const tally = `${stem}.tally.json`
  await writeFile(`${stem}.world.json`, JSON.stringify({ ...world, api, signedIn, seed }))
  const { exitCode, output } = await spawnAndCollect(
    program,
    [
      'run',
      join(process.cwd(), `generated/${api}.json`),
      `--url=${world.base}`,
      `--checks=${checks.join(',')}`,
      '--phases=coverage,fuzzing',
      `--seed=${seed}`,
      `--max-examples=${maxExamples}`,
      '--request-timeout=30',
      '--continue-on-failure',
      '--generation-database=none',
      '--suppress-health-check=all',
      '--warnings=off',
      '--output-sanitize=false',
      '--no-color',
      ...(only === undefined ? [] : [`--include-operation-id-regex=${only}`]),
    ],
    {
      // Schemathesis leaves files where it is started.
      cwd: folder,
      env: {
        ...process.env,
        SCHEMATHESIS_HOOKS: join(process.cwd(), 'tools/ci/fuzz/hooks.py'),
        FUZZ_WORLD: `${stem}.world.json`,
        FUZZ_TALLY: tally,
        // The hooks lie in the tree.
        PYTHONDONTWRITEBYTECODE: '1',
      },
    },
  )
  await writeFile(`${stem}.txt`, output)
  const { statuses, failures } = existsSync(tally)
    ? JSON.parse(await readFile(tally, 'utf8'))
    : { statuses: {}, failures: [] }
  const isClean = exitCode === 0 && failures.length === 0
  const calls = [...new Set<string>(failures)].slice(0, 20)
  return { run, statuses, findings: isClean ? '' : shorten([output, ...calls].join('\n')) }
}

/** Some of what was made up is very long. */
function shorten(text: string): string {
  const lines = text.split('\n')
  return lines.map((line) => (line.length > 3000 ? `${line.slice(0, 3000)}…` : line)).join('\n')
}

function spawnAndCollect(
  program: string,
  parameters: readonly string[],
  place: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(program, parameters, { ...place, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, output }))
  })
}

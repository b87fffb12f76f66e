import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The root of the repository. */
export const root = join(import.meta.dirname, '../..')

const execute = promisify(execFile)
const redocly = join(root, 'node_modules/@redocly/cli/bin/cli.js')
const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' }

/** What a program printed; `failed` when it ended with another code than 0. */
export interface Outcome {
  failed: boolean
  stdout: string
  stderr: string
}

/** Runs a program to its end, from the root of the repository, for at most five minutes. */
export async function run(
  program: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Outcome> {
  const { env, cwd = root } = options
  const settings = {
    cwd,
    env: { ...process.env, PWD: cwd, ...env },
    timeout: 300_000,
    maxBuffer: 1 << 26,
  }
  try {
    return { failed: false, ...(await execute(program, args, settings)) }
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & Partial<Outcome>
    return { failed: true, stdout, stderr: stderr || message }
  }
}

/** Runs a program, and throws what it printed when it fails. */
export async function mustRun(...call: Parameters<typeof run>): Promise<Outcome> {
  const outcome = await run(...call)
  if (outcome.failed)
    throw new Error(
      [`${call[0]} ${call[1].join(' ')} failed`, outcome.stdout, outcome.stderr].join('\n'),
    )
  return outcome
}

/** Runs Redocly's command line, offline and without colours. */
export function runRedocly(args: string[]): Promise<Outcome> {
  return run(process.execPath, [redocly, ...args], { env: quiet })
}

/** Lends `work` an empty folder of its own and removes it afterwards. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

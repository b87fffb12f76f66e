import { mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

import { goPrograms, plainEnvironment, run } from '../command.ts'

/** Runs lines as a reader would paste them; gives stdout and then stderr. Throws when one of them fails. */
export interface Shell {
  (script: string): Promise<string>
  /** Where the lines run. */
  folder: string
}

const scriptMs = 600_000
/** Of the output of lines that fail; progress bars fill megabytes. */
const shownCharacters = 4_000

/**
 * Makes a shell for one client: a home and a working folder of its own below `folder`, and nothing of the caller's.
 * One that remembers keeps variables and functions from call to call, like a terminal that stays open.
 */
export async function makeShell(
  folder: string,
  environment: Record<string, string>,
  { remembers = false } = {},
): Promise<Shell> {
  const places = {
    home: join(folder, 'home'),
    tmp: join(folder, 'tmp'),
    work: join(folder, 'work'),
  }
  for (const place of Object.values(places)) await mkdir(place, { recursive: true })
  // Debian's programs come first: what lies in /usr/local is not the version that the document names.
  const path = [goPrograms, '/usr/bin', plainEnvironment()['PATH'] ?? ''].join(delimiter)
  const variables = { ...environment, HOME: places.home, TMPDIR: places.tmp, PATH: path }
  const words = [
    'env',
    '-i',
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
  ]
  const kept = join(folder, 'kept')
  const before = `set -a; [[ ! -e ${kept} ]] || source ${kept}`
  const after = `{ export -p; declare -f; } > ${kept}`
  const shell = async (script: string): Promise<string> => {
    const lines = remembers ? [before, script, after].join('\n') : script
    const outcome = await run([...words, 'bash', '--norc', '-euo', 'pipefail', '-c', lines], {
      folder: places.work,
      timeoutMs: scriptMs,
    })
    const output = outcome.stdout + outcome.stderr
    if (outcome.code !== 0)
      throw new Error(`ended with ${outcome.code}:\n${script}\n${output.slice(-shownCharacters)}`)
    return output
  }
  return Object.assign(shell, { folder: places.work })
}

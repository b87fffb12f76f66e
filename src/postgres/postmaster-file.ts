import { execFile } from 'node:child_process'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** What `postmaster.pid` says (PostgreSQL, `pidfile.h`). */
export interface PostmasterFile {
  pid: number
  socketDirectory: string
  ready: boolean
}

const orphanStopMs = 20_000
const pollMs = 20

/** Reads the cluster's `postmaster.pid`; undefined when there is none. Whether that process still runs is another question. */
export async function readPostmasterFile(directory: string): Promise<PostmasterFile | undefined> {
  const lines = await readFile(join(directory, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => undefined,
  )
  const pid = Number(lines?.[0])
  if (!lines || !Number.isSafeInteger(pid) || pid <= 1) return undefined
  return { pid, socketDirectory: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' }
}

/**
 * True when the process is a PostgreSQL that is alive and works in this cluster's directory. A pid alone proves nothing: after a crash the
 * number may belong to anybody, and in a container it almost always does.
 */
export async function isPostgresOf(directory: string, pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return isPostgresByName(directory, pid)
  try {
    // Every PostgreSQL process works in its data directory, under whatever path it was reached.
    const [own, its] = await Promise.all([stat(directory), stat(`/proc/${pid}/cwd`)])
    const name = await readFile(`/proc/${pid}/comm`, 'utf8')
    return own.dev === its.dev && own.ino === its.ino && name.trim() === 'postgres'
  } catch {
    return false
  }
}

async function isPostgresByName(directory: string, pid: number) {
  const asked = promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])
  const { stdout } = await asked.catch(() => ({ stdout: '' }))
  return stdout.includes('postgres') && stdout.includes(directory)
}

/**
 * Ends what an earlier registry, or an earlier postmaster, left running in the cluster when it was killed, and removes a `postmaster.pid` whose
 * process is gone: PostgreSQL itself would take any process of that number for a rival. The caller holds the data
 * directory's lock, so no living registry is behind that postmaster.
 */
export async function clearOrphan(directory: string, say: (line: string) => void): Promise<void> {
  const file = await readPostmasterFile(directory)
  if (file && (await isPostgresOf(directory, file.pid))) {
    say(`stopping PostgreSQL ${file.pid}, left by a registry that was killed`)
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const)
      if (await endOrphan(directory, file.pid, signal)) break
  }
  if (file) await killSurvivors(directory)
  await rm(join(directory, 'postmaster.pid'), { force: true })
}

/**
 * Kills the children of a postmaster that is dead. One that is busy with a long query does not notice until its end, and
 * no new postmaster may start before. Elsewhere than on Linux that end is waited for.
 */
async function killSurvivors(directory: string) {
  if (process.platform !== 'linux') return
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  await Promise.all(
    pids.map(async (pid) => {
      if (await isPostgresOf(directory, pid)) await endOrphan(directory, pid, 'SIGKILL')
    }),
  )
}

async function endOrphan(directory: string, pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(pid, signal)
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== 'ESRCH') throw failure
  }
  for (let waitedMs = 0; waitedMs < orphanStopMs; waitedMs += pollMs) {
    if (!(await isPostgresOf(directory, pid))) return true
    await sleep(pollMs)
  }
  return false
}

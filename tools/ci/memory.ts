import { readdir, readFile } from 'node:fs/promises'

/** Memory of the processes below a process, in bytes. Shared pages count in each `rssBytes`, and once altogether in `pssBytes`. */
export interface Memory {
  processes: number
  rssBytes: number
  pssBytes: number
}

interface Process {
  pid: number
  parent: number
  command: string
}

/** Adds up the descendants of `ancestor` whose command line matches. Linux only. */
export async function memoryBelow(ancestor: number, pattern: RegExp): Promise<Memory> {
  const all = await listProcesses()
  const below = new Set([ancestor])
  // Children have larger numbers than their parents only mostly, so it is gone through until nothing is added.
  for (let before = 0; before < below.size;) {
    before = below.size
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid)
  }
  const found = all.filter(({ pid, command }) => below.has(pid) && pattern.test(command))
  const parts = await Promise.all(found.map(({ pid }) => memoryOf(pid)))
  return {
    processes: found.length,
    rssBytes: parts.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    pssBytes: parts.reduce((sum, { pssBytes }) => sum + pssBytes, 0),
  }
}

/** For people: `84 MB RSS, 70 MB PSS, 1 process`. */
export function describeMemory({ processes, rssBytes, pssBytes }: Memory): string {
  const inMegabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  return `${inMegabytes(rssBytes)} RSS, ${inMegabytes(pssBytes)} PSS, ${processes} process${processes === 1 ? '' : 'es'}`
}

async function listProcesses(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(pids.map((pid) => readProcess(pid).catch(() => undefined)))
  return found.filter((each) => each !== undefined)
}

async function readProcess(pid: number): Promise<Process> {
  const [stat, command] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
  ])
  // The name in parentheses may hold spaces.
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid, parent: Number(parent), command: command.replaceAll('\0', ' ') }
}

async function memoryOf(pid: number) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  const bytes = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024
  return { rssBytes: bytes('Rss'), pssBytes: bytes('Pss') }
}

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'

const needed = 24
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']
/** Ctrl-C under npm reaches us twice: from the terminal, and passed on by npm. */
const sameSignalMs = 500
const parentCheckMs = 500

/** The Node of package-lock.json; in images that leave development packages out, the one that runs this. */
export function findRuntime(root) {
  const installed = join(root, 'node_modules', 'node', 'bin', 'node')
  if (existsSync(installed)) return installed
  if (parseInt(process.versions.node, 10) >= needed) return process.execPath
  throw new Error(
    `Node ${needed} is missing: the npm package "node" brings it, so install with development packages, or run this by Node ${needed}.`,
  )
}

/**
 * Runs a program in our place: our input and output, our end is its end. It leads a process group of its own, so each
 * signal reaches it once and through us, whether a terminal sends it to the whole group, npm passes it on, or both.
 */
export function runChild(root, program, args) {
  const child = spawn(program, args, {
    stdio: 'inherit',
    detached: true,
    env: {
      ...process.env,
      PATH: join(root, 'node_modules', '.bin') + delimiter + process.env.PATH,
      NODE_COMPILE_CACHE:
        process.env.NODE_COMPILE_CACHE || join(root, 'node_modules', '.cache', 'node'),
    },
  })
  forwardSignals(child)
  child.once('error', (failure) => {
    process.stderr.write(`${program} cannot be run: ${failure.message}\n`)
    process.exit(1)
  })
  child.once('exit', (code, signal) => endLike(code, signal))
}

function forwardSignals(child) {
  const lastMs = new Map()
  for (const signal of signals)
    process.on(signal, () => {
      const nowMs = performance.now()
      if (nowMs - (lastMs.get(signal) ?? -Infinity) >= sameSignalMs) child.kill(signal)
      lastMs.set(signal, nowMs)
    })
  if (process.env.npm_lifecycle_event === undefined) return
  // npm that is killed outright, or whose shell keeps signals to itself, says goodbye only by not being there.
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, parentCheckMs)
}

function endLike(code, signal) {
  if (signal === null) process.exit(code)
  for (const name of signals) process.removeAllListeners(name)
  process.kill(process.pid, signal)
  // A signal that does not end us: what a shell would say.
  setTimeout(() => process.exit(128 + constants.signals[signal]), 1000)
}

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { constants } from 'node:os'

import { takeLock } from './lock.mjs'

/** Below this an install is not worth a word. */
const quietMs = 1000

/**
 * Makes `node_modules` what package-lock.json says, unless it is. One process at a time; the others wait and then find
 * the work done. Throws with npm's output when it fails.
 */
export async function installPackages(root) {
  if (isInstalled(root)) return
  const lock = await takeLock(root)
  try {
    if (!isInstalled(root)) await install(root, lock.fd)
  } finally {
    lock.release()
  }
}

/**
 * Compares the lock file with the copy that npm leaves in `node_modules` as the last act of an install, so an install
 * that was cut short does not count, and one made by hand does, also without development packages.
 */
export function isInstalled(root) {
  const there = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (there === undefined) return false
  const withoutDevelopment = !Object.values(there).some((found) => found.dev)
  return Object.entries(readPackages(join(root, 'package-lock.json')) ?? {}).every(
    ([path, wanted]) => {
      if (!path.startsWith('node_modules/')) return true
      const found = there[path]
      if (found) return found.version === wanted.version && found.integrity === wanted.integrity
      return wanted.optional || wanted.devOptional || (wanted.dev && withoutDevelopment)
    },
  )
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch (failure) {
    if (failure.code === 'ENOENT' || failure instanceof SyntaxError) return undefined
    throw failure
  }
}

async function install(root, lockFd) {
  // npm runs under the Node outside, as it removes the one inside.
  const inside = join(root, 'node_modules', '.bin')
  const path = process.env.PATH.split(delimiter).filter((folder) => folder !== inside)
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // npm holds the lock too: it goes on installing when we are killed.
    stdio: ['ignore', 'pipe', 'pipe', lockFd],
    env: { ...process.env, PATH: path.join(delimiter), SCARF_ANALYTICS: 'false' },
  })
  const output = []
  npm.stdout.on('data', (chunk) => output.push(chunk))
  npm.stderr.on('data', (chunk) => output.push(chunk))
  const stopShowing = showProgress()
  const [code, signal] = await new Promise((resolve, reject) => {
    npm.once('error', (failure) =>
      reject(new Error(`npm cannot be run to install packages: ${failure.message}`)),
    )
    npm.once('close', (...end) => resolve(end))
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.once(name, () => {
        npm.kill(name)
        npm.once('close', () => process.exit(128 + constants.signals[name]))
      })
  }).finally(stopShowing)
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name)
  if (code !== 0)
    throw new Error(
      `${Buffer.concat(output).toString().trim()}\nInstalling packages failed (npm ci, ${signal ?? code}).`,
    )
}

function showProgress() {
  const { stderr } = process
  const since = Date.now()
  const show = () => {
    const seconds = Math.round((Date.now() - since) / 1000)
    if (stderr.isTTY) stderr.write(`\rInstalling packages, ${seconds} s`)
    else if (seconds === 1) stderr.write('Installing packages\n')
  }
  const timer = setInterval(show, quietMs)
  return () => {
    clearInterval(timer)
    if (stderr.isTTY) stderr.write('\r\u001B[K')
  }
}

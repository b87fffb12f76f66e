// Starts the registry from a fresh clone: `launch.mjs ARGS` runs `src/main.ts ARGS`, `launch.mjs --script NAME ARGS` the
// npm script NAME. Whatever Node runs this, the work is done by the one of package-lock.json; packages are installed first
// when they are missing or no longer those of the lock. Plain JavaScript without dependencies, and in this file
// nothing that an old Node cannot parse, as it must still be able to say what is wrong.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const oldest = 20

async function launch(words) {
  if (parseInt(process.versions.node, 10) < oldest) {
    process.stderr.write(
      `Portolan needs Node ${oldest} or newer to start, this is ${process.version}.\n`,
    )
    process.exitCode = 1
    return
  }
  const { installPackages } = await import('./launcher/install.mjs')
  const { findRuntime, runChild } = await import('./launcher/child.mjs')
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  try {
    await installPackages(root)
    const runtime = findRuntime(root)
    if (words[0] === '--script')
      runChild(root, 'npm', ['run', '--silent', words[1], '--', ...words.slice(2)])
    else
      runChild(root, runtime, [
        '--disable-warning=ExperimentalWarning',
        join(root, 'src', 'main.ts'),
        ...words,
      ])
  } catch (failure) {
    process.stderr.write(`${failure.message}\n`)
    process.exitCode = 1
  }
}

launch(process.argv.slice(2))

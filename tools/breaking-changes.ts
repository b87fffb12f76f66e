/**
 * Prints what the documents of the tree break for clients of the previous commit on main. It informs and never fails: a
 * break can be meant. The base is HEAD while `generated/` has changes that are not committed, else the commit before it.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { apis, pathOf } from './generate/document.ts'
import { inTemporaryFolder, root, run, runRedocly } from './generate/run.ts'

/** Content of a file in a commit; undefined when there is no such commit or file. */
async function contentIn(commit: string, path: string): Promise<string | undefined> {
  const { failed, stdout } = await run('git', ['show', `${commit}:${path}`])
  return failed ? undefined : stdout
}

interface Difference {
  changes: { path: string; impact: string; verdicts: { message: string }[] }[]
}

async function compare(path: string): Promise<string[]> {
  const current = await readFile(join(root, path), 'utf8')
  const committed = await contentIn('HEAD', path)
  const base = committed === current ? await contentIn('HEAD~1', path) : committed
  if (base === undefined) return [`${path}: no earlier version to compare with`]
  if (base === current) return [`${path}: unchanged`]
  const { changes } = await difference(base, path)
  const breaking = changes.filter(({ impact }) => impact === 'major')
  const lines = breaking.flatMap((change) =>
    change.verdicts.map(({ message }) => `  ${change.path.replaceAll('~1', '/')}\n    ${message}`),
  )
  return [`${path}: ${breaking.length} breaking of ${changes.length} changes`, ...lines]
}

function difference(base: string, path: string): Promise<Difference> {
  return inTemporaryFolder(async (folder) => {
    const earlier = join(folder, 'base.json')
    await writeFile(earlier, base)
    const config = join(root, 'tools/breaking-changes.yaml')
    const { stdout, stderr } = await runRedocly([
      'diff',
      earlier,
      path,
      '--config',
      config,
      '--format=json',
      '--fail-on=none',
    ])
    if (!stdout.trim()) throw new Error(stderr)
    return JSON.parse(stdout) as Difference
  })
}

const accounts = await Promise.all(apis.map((api) => compare(pathOf(api))))
console.log(accounts.flat().join('\n'))

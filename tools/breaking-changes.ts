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

async function compare(path: string): Promise<string> {
  const [current, committed] = await Promise.all([readFile(join(root, path), 'utf8'), contentIn('HEAD', path)])
  const base = committed === current ? await contentIn('HEAD~1', path) : committed
  if (base === undefined) return `${path}: no earlier version to compare with`
  if (base === current) return `${path}: unchanged`
  return inTemporaryFolder(async (folder) => {
    const earlier = join(folder, 'base.json')
    await writeFile(earlier, base)
    // With its own configuration: rules of a diff in `redocly.yaml` would make the linter read them too.
    const config = join(root, 'tools/breaking-changes.yaml')
    const { stdout, stderr } = await runRedocly(['diff', earlier, path, '--config', config, '--fail-on=none'])
    return `${path}:\n${stdout || stderr}`
  })
}

console.log((await Promise.all(apis.map((api) => compare(pathOf(api))))).join('\n'))
